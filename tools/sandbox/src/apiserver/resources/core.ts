import { namespaceStrategy } from '../strategies/namespace.ts'
import { nodeStrategy, secretStrategy, volumeClaimStrategy } from '../strategies/plain.ts'
import { podStrategy } from '../strategies/pod.ts'
import * as clusterTables from '../tables/cluster.ts'
import { endpointsColumns, serviceColumns } from '../tables/network.ts'
import { podColumns } from '../tables/pods.ts'
import { eventColumns } from '../tables/workloads.ts'
import { clusterScoped, type Row, reconciled, withStatus } from './rows.ts'
import { allVerbs, type Strategy } from './types.ts'

export const eventRow: Row = {
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  columns: eventColumns,
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

/** The core group; services need the pools that their addresses are from. */
export function coreRows(service: Strategy): Row[] {
  return [
    {
      ...clusterScoped,
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
      ...clusterScoped,
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
      columns: serviceColumns,
      selectableFields: ['spec.clusterIP', 'spec.type'],
      nameRule: 'label1035',
      actions: ['proxy'],
      strategy: service,
    },
    {
      kind: 'Endpoints',
      plural: 'endpoints',
      shortNames: ['ep'],
      columns: endpointsColumns,
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
      ...clusterScoped,
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
