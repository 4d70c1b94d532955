import { at, numberAt, objectAt, objectsAt, textAt } from '../json.ts'
import { isDeleting, type KubeObject } from '../object.ts'
import { ageColumn, column, joinedOrNone, nameColumn } from './format.ts'
import type { TableColumns } from './types.ts'

/** The columns of `kubectl get pods -o wide` (k8s.io/kubernetes/pkg/printers/internalversion). */
export const podColumns: TableColumns = [
  nameColumn,
  column('Ready', (pod) => {
    const ready = objectsAt(pod, 'status', 'containerStatuses').filter(
      (status) => status.ready === true,
    ).length
    return `${ready}/${objectsAt(pod, 'spec', 'containers').length}`
  }),
  column('Status', podStatusText),
  column('Restarts', (pod) =>
    String(
      objectsAt(pod, 'status', 'containerStatuses').reduce(
        (sum, status) => sum + (numberAt(status, 'restartCount') ?? 0),
        0,
      ),
    ),
  ),
  ageColumn,
  column('IP', (pod) => textAt(pod, 'status', 'podIP') || '<none>', { wide: true }),
  column('Node', (pod) => textAt(pod, 'spec', 'nodeName') || '<none>', { wide: true }),
  column('Nominated Node', (pod) => textAt(pod, 'status', 'nominatedNodeName') || '<none>', { wide: true }),
  column('Readiness Gates', readinessGates, { wide: true }),
]

/** The most telling of: deletion, a container's reason, the pod's reason, its phase. */
function podStatusText(pod: KubeObject): string {
  if (isDeleting(pod)) return textAt(pod, 'status', 'reason') === 'NodeLost' ? 'Unknown' : 'Terminating'
  const statuses = objectsAt(pod, 'status', 'containerStatuses')
  for (const status of statuses) {
    const waiting = textAt(status, 'state', 'waiting', 'reason')
    if (waiting !== '') return waiting
    const terminated = objectAt(status, 'state', 'terminated')
    if (textAt(terminated, 'reason') !== '') return textAt(terminated, 'reason')
    if (at(status, 'state', 'terminated') !== undefined)
      return `ExitCode:${numberAt(terminated, 'exitCode') ?? 0}`
  }
  return textAt(pod, 'status', 'reason') || textAt(pod, 'status', 'phase') || 'Unknown'
}

function readinessGates(pod: KubeObject): string {
  const gates = objectsAt(pod, 'spec', 'readinessGates').map((gate) => textAt(gate, 'conditionType'))
  const conditions = objectsAt(pod, 'status', 'conditions')
  const met = gates.filter((gate) =>
    conditions.some(({ type, status }) => type === gate && status === 'True'),
  )
  return joinedOrNone(gates.length === 0 ? [] : [`${met.length}/${gates.length}`])
}
