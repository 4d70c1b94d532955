import { messageOfKind } from '../codec/messages.ts'
import { plainStrategy } from '../strategies/plain.ts'
import { plainColumns } from '../tables/format.ts'
import { leaseColumns } from '../tables/workloads.ts'
import { rbacRows, reviewRow, reviewRows } from './access.ts'
import { coreRows, eventRow } from './core.ts'
import { eventConversion } from './events.ts'
import { discoveryRows, networkingRows } from './network.ts'
import { clusterScoped, type Row, reconciled } from './rows.ts'
import { allVerbs, type ResourceType, type Strategy } from './types.ts'
import { appsRows, autoscalingRows, batchRows, policyRows } from './workloads.ts'

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
    ...inGroup('coordination.k8s.io', 'v1', [{ kind: 'Lease', plural: 'leases', columns: leaseColumns }]),
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
      { ...clusterScoped, kind: 'StorageClass', plural: 'storageclasses', shortNames: ['sc'] },
    ]),
    ...inGroup('scheduling.k8s.io', 'v1', [
      { ...clusterScoped, kind: 'PriorityClass', plural: 'priorityclasses', shortNames: ['pc'] },
    ]),
    ...inGroup('apiextensions.k8s.io', 'v1', [
      {
        ...clusterScoped,
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
