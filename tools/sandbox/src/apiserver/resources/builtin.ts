import { messageOfKind } from '../codec/messages.ts'
import { namespaceStrategy } from '../strategies/namespace.ts'
import { networkPolicyStrategy } from '../strategies/network-policy.ts'
import {
  endpointSliceStrategy,
  nodeStrategy,
  plainStrategy,
  secretStrategy,
  volumeClaimStrategy,
} from '../strategies/plain.ts'
import { podStrategy } from '../strategies/pod.ts'
import {
  daemonSetStrategy,
  deploymentStrategy,
  jobStrategy,
  replicaSetStrategy,
  statefulSetStrategy,
} from '../strategies/workloads.ts'
import * as clusterTables from '../tables/cluster.ts'
import { plainColumns } from '../tables/format.ts'
import * as networkTables from '../tables/network.ts'
import { podColumns } from '../tables/pods.ts'
import * as workloadTables from '../tables/workloads.ts'
import { eventConversion } from './events.ts'
import { reviewAnswers } from './reviews.ts'
import { allVerbs, type ResourceType, type Strategy } from './types.ts'

type Row = Partial<ResourceType> & Pick<ResourceType, 'kind' | 'plural'>

const replicaScale = {
  specReplicas: 'spec.replicas',
  statusReplicas: 'status.replicas',
  labelSelector: 'status.selector',
}
const cluster = { namespaced: false } as const
const withStatus = { hasStatus: true } as const
/** Counts changes of its spec; most kinds that somebody reconciles do. */
const reconciled = { hasStatus: true, hasGeneration: true } as const
const anyName = { nameRule: 'path' } as const

/** Every resource that is served without a CustomResourceDefinition, by group and version. */
export function builtinResources({
  service,
  customDefinition,
}: {
  service: Strategy
  customDefinition: Strategy
}): ResourceType[] {
  return [
    ...inGroup('', 'v1', coreRows(service)),
    ...inGroup('apps', 'v1', appsRows),
    ...inGroup('batch', 'v1', batchRows),
    ...inGroup('autoscaling', 'v2', autoscalingRows),
    ...inGroup('policy', 'v1', policyRows),
    ...inGroup('networking.k8s.io', 'v1', networkingRows),
    ...inGroup('discovery.k8s.io', 'v1', discoveryRows),
    ...inGroup('coordination.k8s.io', 'v1', [
      { kind: 'Lease', plural: 'leases', columns: workloadTables.leaseColumns },
    ]),
    ...inGroup('events.k8s.io', 'v1', [
      {
        ...eventRow,
        storage: '/events',
        storedAs: 'v1',
        convert: eventConversion,
        selectableFields: ['regarding.kind', 'regarding.name', 'regarding.namespace', 'reason', 'type'],
      },
    ]),
    ...inGroup('rbac.authorization.k8s.io', 'v1', rbacRows),
    ...inGroup('storage.k8s.io', 'v1', [
      { ...cluster, kind: 'StorageClass', plural: 'storageclasses', shortNames: ['sc'] },
    ]),
    ...inGroup('scheduling.k8s.io', 'v1', [
      { ...cluster, kind: 'PriorityClass', plural: 'priorityclasses', shortNames: ['pc'] },
    ]),
    ...inGroup('apiextensions.k8s.io', 'v1', [
      {
        ...cluster,
        ...reconciled,
        kind: 'CustomResourceDefinition',
        plural: 'customresourcedefinitions',
        shortNames: ['crd', 'crds'],
        categories: ['api-extensions'],
        strategy: customDefinition,
        schema: 'apiextensions.CustomResourceDefinition',
      },
    ]),
    ...inGroup(
      'authorization.k8s.io',
      'v1',
      reviewRows(['SelfSubjectAccessReview', 'SubjectAccessReview', 'SelfSubjectRulesReview']),
    ),
    ...inGroup('authorization.k8s.io', 'v1', [
      { ...reviewRow('LocalSubjectAccessReview'), namespaced: true },
    ]),
    ...inGroup('authentication.k8s.io', 'v1', reviewRows(['SelfSubjectReview', 'TokenReview'])),
  ]
}

const eventRow: Row = {
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  columns: workloadTables.eventColumns,
  selectableFields: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
}

function coreRows(service: Strategy): Row[] {
  return [
    {
      ...cluster,
      ...withStatus,
      kind: 'Namespace',
      plural: 'namespaces',
      shortNames: ['ns'],
      columns: clusterTables.namespaceColumns,
      selectableFields: ['status.phase'],
      nameRule: 'label',
      actions: ['finalize'],
      strategy: namespaceStrategy,
      verbs: allVerbs.filter((verb) => verb !== 'deletecollection'),
    },
    {
      ...cluster,
      ...withStatus,
      kind: 'Node',
      plural: 'nodes',
      shortNames: ['no'],
      columns: clusterTables.nodeColumns,
      selectableFields: ['spec.unschedulable'],
      actions: ['proxy'],
      strategy: nodeStrategy,
    },
    {
      ...reconciled,
      kind: 'Pod',
      plural: 'pods',
      shortNames: ['po'],
      categories: ['all'],
      columns: podColumns,
      selectableFields: [
        'spec.nodeName',
        'spec.restartPolicy',
        'spec.schedulerName',
        'spec.serviceAccountName',
        'spec.hostNetwork',
        'status.phase',
        'status.podIP',
        'status.nominatedNodeName',
      ],
      actions: ['binding', 'eviction', 'log', 'exec', 'attach', 'portforward', 'proxy'],
      strategy: podStrategy,
    },
    {
      ...withStatus,
      kind: 'Service',
      plural: 'services',
      shortNames: ['svc'],
      categories: ['all'],
      columns: networkTables.serviceColumns,
      selectableFields: ['spec.clusterIP', 'spec.type'],
      nameRule: 'label1035',
      actions: ['proxy'],
      strategy: service,
    },
    {
      kind: 'Endpoints',
      plural: 'endpoints',
      shortNames: ['ep'],
      columns: networkTables.endpointsColumns,
    },
    {
      kind: 'ConfigMap',
      plural: 'configmaps',
      shortNames: ['cm'],
      columns: clusterTables.configMapColumns,
    },
    {
      kind: 'Secret',
      plural: 'secrets',
      columns: clusterTables.secretColumns,
      selectableFields: ['type'],
      strategy: secretStrategy,
    },
    {
      kind: 'ServiceAccount',
      plural: 'serviceaccounts',
      shortNames: ['sa'],
      columns: clusterTables.serviceAccountColumns,
      actions: ['token'],
    },
    { ...eventRow },
    {
      ...withStatus,
      kind: 'PersistentVolumeClaim',
      plural: 'persistentvolumeclaims',
      shortNames: ['pvc'],
      columns: clusterTables.volumeClaimColumns,
      strategy: volumeClaimStrategy,
    },
    {
      ...cluster,
      ...withStatus,
      kind: 'PersistentVolume',
      plural: 'persistentvolumes',
      shortNames: ['pv'],
    },
    {
      ...withStatus,
      kind: 'ResourceQuota',
      plural: 'resourcequotas',
      shortNames: ['quota'],
    },
    { kind: 'LimitRange', plural: 'limitranges', shortNames: ['limits'] },
    { kind: 'PodTemplate', plural: 'podtemplates' },
  ]
}

const appsRows: Row[] = [
  {
    ...reconciled,
    kind: 'Deployment',
    plural: 'deployments',
    shortNames: ['deploy'],
    categories: ['all'],
    columns: workloadTables.deploymentColumns,
    scale: replicaScale,
    strategy: deploymentStrategy,
  },
  {
    ...reconciled,
    kind: 'ReplicaSet',
    plural: 'replicasets',
    shortNames: ['rs'],
    categories: ['all'],
    columns: workloadTables.replicaSetColumns,
    selectableFields: ['status.replicas'],
    scale: replicaScale,
    strategy: replicaSetStrategy,
  },
  {
    ...reconciled,
    kind: 'StatefulSet',
    plural: 'statefulsets',
    shortNames: ['sts'],
    categories: ['all'],
    columns: workloadTables.statefulSetColumns,
    scale: replicaScale,
    strategy: statefulSetStrategy,
  },
  {
    ...reconciled,
    kind: 'DaemonSet',
    plural: 'daemonsets',
    shortNames: ['ds'],
    categories: ['all'],
    columns: workloadTables.daemonSetColumns,
    strategy: daemonSetStrategy,
  },
  { kind: 'ControllerRevision', plural: 'controllerrevisions' },
]

const batchRows: Row[] = [
  {
    ...reconciled,
    kind: 'Job',
    plural: 'jobs',
    categories: ['all'],
    columns: workloadTables.jobColumns,
    strategy: jobStrategy,
  },
  {
    ...reconciled,
    kind: 'CronJob',
    plural: 'cronjobs',
    shortNames: ['cj'],
    categories: ['all'],
  },
]

const autoscalingRows: Row[] = [
  {
    ...reconciled,
    kind: 'HorizontalPodAutoscaler',
    plural: 'horizontalpodautoscalers',
    shortNames: ['hpa'],
    categories: ['all'],
    columns: workloadTables.autoscalerColumns,
  },
]

const policyRows: Row[] = [
  {
    ...reconciled,
    kind: 'PodDisruptionBudget',
    plural: 'poddisruptionbudgets',
    shortNames: ['pdb'],
    columns: workloadTables.budgetColumns,
  },
]

const networkingRows: Row[] = [
  {
    kind: 'NetworkPolicy',
    plural: 'networkpolicies',
    shortNames: ['netpol'],
    hasGeneration: true,
    columns: networkTables.networkPolicyColumns,
    strategy: networkPolicyStrategy,
  },
  {
    ...reconciled,
    kind: 'Ingress',
    plural: 'ingresses',
    shortNames: ['ing'],
    columns: networkTables.ingressColumns,
  },
  { ...cluster, kind: 'IngressClass', plural: 'ingressclasses', hasGeneration: true },
]

const discoveryRows: Row[] = [
  {
    kind: 'EndpointSlice',
    plural: 'endpointslices',
    hasGeneration: true,
    columns: networkTables.endpointSliceColumns,
    strategy: endpointSliceStrategy,
  },
]

const rbacRows: Row[] = [
  { ...cluster, ...anyName, kind: 'ClusterRole', plural: 'clusterroles' },
  {
    ...cluster,
    ...anyName,
    kind: 'ClusterRoleBinding',
    plural: 'clusterrolebindings',
    columns: clusterTables.roleBindingColumns,
  },
  { ...anyName, kind: 'Role', plural: 'roles' },
  {
    ...anyName,
    kind: 'RoleBinding',
    plural: 'rolebindings',
    columns: clusterTables.roleBindingColumns,
  },
]

function reviewRow(kind: keyof typeof reviewAnswers): Row {
  return {
    ...cluster,
    kind,
    plural: `${kind.toLowerCase()}s`,
    verbs: ['create'],
    answer: reviewAnswers[kind],
  }
}

function reviewRows(kinds: readonly (keyof typeof reviewAnswers)[]): Row[] {
  return kinds.map(reviewRow)
}

function inGroup(group: string, version: string, rows: readonly Row[]): ResourceType[] {
  return rows.map((row) => ({
    ...schemaOf(messageOfKind({ group, version, kind: row.kind })),
    group,
    version,
    singular: row.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    verbs: allVerbs,
    storage: `${group}/${row.plural}`,
    hasStatus: false,
    actions: [],
    hasGeneration: false,
    selectableFields: [],
    nameRule: 'subdomain',
    strategy: plainStrategy,
    columns: plainColumns,
    ...row,
  }))
}

function schemaOf(schema: string | undefined): { schema?: string } {
  return schema === undefined ? {} : { schema }
}
