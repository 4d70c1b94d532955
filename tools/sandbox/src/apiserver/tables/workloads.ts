import { at, numberAt, objectsAt, stringMapAt, textAt } from '../json.ts'
import type { KubeObject } from '../object.ts'
import { ageColumn, column, joinedOrNone, mapText, nameColumn, selectorText, since } from './format.ts'
import type { TableColumns } from './types.ts'

const count = (object: KubeObject, ...path: string[]) => numberAt(object, ...path) ?? 0
const integer = (name: string, ...path: string[]) =>
  column(name, (object) => count(object, ...path), { type: 'integer' })

const templateContainers = (object: KubeObject) => objectsAt(object, 'spec', 'template', 'spec', 'containers')
const containersColumn = column(
  'Containers',
  (object) => joinedOrNone(templateContainers(object).map((container) => textAt(container, 'name'))),
  { wide: true },
)
const imagesColumn = column(
  'Images',
  (object) => joinedOrNone(templateContainers(object).map((container) => textAt(container, 'image'))),
  { wide: true },
)
const selectorColumn = column('Selector', (object) => selectorText(at(object, 'spec', 'selector')), {
  wide: true,
})
const readyColumn = column(
  'Ready',
  (object) => `${count(object, 'status', 'readyReplicas')}/${count(object, 'spec', 'replicas')}`,
)

export const deploymentColumns: TableColumns = [
  nameColumn,
  readyColumn,
  integer('Up-to-date', 'status', 'updatedReplicas'),
  integer('Available', 'status', 'availableReplicas'),
  ageColumn,
  containersColumn,
  imagesColumn,
  selectorColumn,
]

export const replicaSetColumns: TableColumns = [
  nameColumn,
  integer('Desired', 'spec', 'replicas'),
  integer('Current', 'status', 'replicas'),
  integer('Ready', 'status', 'readyReplicas'),
  ageColumn,
  containersColumn,
  imagesColumn,
  selectorColumn,
]

export const statefulSetColumns: TableColumns = [
  nameColumn,
  readyColumn,
  ageColumn,
  containersColumn,
  imagesColumn,
]

export const daemonSetColumns: TableColumns = [
  nameColumn,
  integer('Desired', 'status', 'desiredNumberScheduled'),
  integer('Current', 'status', 'currentNumberScheduled'),
  integer('Ready', 'status', 'numberReady'),
  integer('Up-to-date', 'status', 'updatedNumberScheduled'),
  integer('Available', 'status', 'numberAvailable'),
  column('Node Selector', (object) =>
    mapText(stringMapAt(object, 'spec', 'template', 'spec', 'nodeSelector')),
  ),
  ageColumn,
  containersColumn,
  imagesColumn,
  selectorColumn,
]

export const jobColumns: TableColumns = [
  nameColumn,
  column(
    'Status',
    (job) =>
      textAt(
        objectsAt(job, 'status', 'conditions').find((condition) => condition.status === 'True'),
        'type',
      ) || 'Running',
  ),
  column('Completions', (job) => `${count(job, 'status', 'succeeded')}/${count(job, 'spec', 'completions')}`),
  ageColumn,
]

export const budgetColumns: TableColumns = [
  nameColumn,
  column('Min Available', (budget) => String(at(budget, 'spec', 'minAvailable') ?? 'N/A')),
  column('Max Unavailable', (budget) => String(at(budget, 'spec', 'maxUnavailable') ?? 'N/A')),
  ageColumn,
]

export const autoscalerColumns: TableColumns = [
  nameColumn,
  column(
    'Reference',
    (object) =>
      `${textAt(object, 'spec', 'scaleTargetRef', 'kind')}/${textAt(object, 'spec', 'scaleTargetRef', 'name')}`,
  ),
  integer('MinPods', 'spec', 'minReplicas'),
  integer('MaxPods', 'spec', 'maxReplicas'),
  ageColumn,
]

export const leaseColumns: TableColumns = [
  nameColumn,
  column('Holder', (lease) => textAt(lease, 'spec', 'holderIdentity')),
  ageColumn,
]

/** What the event is about: the two groups that serve events name it differently. */
const aboutOf = (event: KubeObject) => at(event, 'involvedObject') ?? at(event, 'regarding')

export const eventColumns: TableColumns = [
  column('Last Seen', (event, nowMs) => {
    const seen =
      textAt(event, 'lastTimestamp') || textAt(event, 'eventTime') || event.metadata.creationTimestamp
    return since(seen, nowMs)
  }),
  column('Type', (event) => textAt(event, 'type')),
  column('Reason', (event) => textAt(event, 'reason')),
  column(
    'Object',
    (event) => `${textAt(aboutOf(event), 'kind').toLowerCase()}/${textAt(aboutOf(event), 'name')}`,
  ),
  column('Message', (event) => (textAt(event, 'message') || textAt(event, 'note')).trim()),
  column(
    'Source',
    (event) => joinedOrNone([textAt(event, 'source', 'component') || textAt(event, 'reportingComponent')]),
    {
      wide: true,
    },
  ),
  column('Count', (event) => count(event, 'count') || 1, { wide: true, type: 'integer' }),
  { ...nameColumn, priority: 1 },
]
