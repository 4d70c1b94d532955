import { type JsonObject, numberAt, objectAt, objectsAt, textAt } from '../apiserver/json.ts'
import { type KubeObject, timestamp } from '../apiserver/object.ts'
import type { Cluster } from './cluster.ts'
import { withCondition } from './pods.ts'
import { rollingLimits } from './rolling-update.ts'

/** The status of a Deployment, and when it has to be looked at again although nothing changes. */
export function deploymentStatus(
  cluster: Pick<Cluster, 'now'>,
  deployment: KubeObject,
  { current, all }: { current: KubeObject | undefined; all: readonly KubeObject[] },
): { status: JsonObject; recheckMs: number | undefined } {
  const sum = (field: string) => all.reduce((total, set) => total + (numberAt(set, 'status', field) ?? 0), 0)
  const before = objectAt(deployment, 'status')
  const desired = numberAt(deployment, 'spec', 'replicas') ?? 1
  const counts = {
    replicas: sum('replicas'),
    updatedReplicas: numberAt(current, 'status', 'replicas') ?? 0,
    readyReplicas: sum('readyReplicas'),
    availableReplicas: sum('availableReplicas'),
  }
  const time = timestamp(cluster.now())
  const rolling = objectAt(deployment, 'spec', 'strategy', 'rollingUpdate')
  const { maxUnavailable } =
    textAt(deployment, 'spec', 'strategy', 'type') === 'Recreate'
      ? { maxUnavailable: 0 }
      : rollingLimits(desired, { maxSurge: rolling.maxSurge, maxUnavailable: rolling.maxUnavailable })
  const isAvailable = counts.availableReplicas >= desired - maxUnavailable
  const withAvailability = withCondition(
    objectsAt(before, 'conditions'),
    isAvailable
      ? {
          type: 'Available',
          status: 'True',
          reason: 'MinimumReplicasAvailable',
          message: 'Deployment has minimum availability.',
        }
      : {
          type: 'Available',
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
        },
    time,
  )
  const progress = progressOf(deployment, { counts, desired, current, nowMs: cluster.now() })
  const conditions = withCondition(
    withAvailability,
    { type: 'Progressing', ...progress.condition },
    time,
  ).map((condition) =>
    condition.type === 'Progressing' && progress.moved ? { ...condition, lastUpdateTime: time } : condition,
  )
  const collisionCount = numberAt(before, 'collisionCount')
  return {
    status: {
      observedGeneration: deployment.metadata.generation ?? 1,
      ...counts,
      unavailableReplicas: Math.max(0, Math.max(desired, counts.replicas) - counts.availableReplicas),
      conditions,
      ...(collisionCount === undefined ? {} : { collisionCount }),
    },
    recheckMs: progress.recheckMs,
  }
}

type Counts = { replicas: number; updatedReplicas: number; availableReplicas: number; readyReplicas: number }

function progressOf(
  deployment: KubeObject,
  {
    counts,
    desired,
    current,
    nowMs,
  }: { counts: Counts; desired: number; current: KubeObject | undefined; nowMs: number },
): {
  condition: { status: 'True' | 'False'; reason: string; message: string }
  moved: boolean
  recheckMs: number | undefined
} {
  const name = `ReplicaSet "${current?.metadata.name ?? ''}"`
  const isComplete =
    counts.updatedReplicas === desired && counts.replicas === desired && counts.availableReplicas === desired
  if (isComplete)
    return {
      condition: {
        status: 'True',
        reason: 'NewReplicaSetAvailable',
        message: `${name} has successfully progressed.`,
      },
      moved: false,
      recheckMs: undefined,
    }
  const before = objectAt(deployment, 'status')
  const moved = (['replicas', 'updatedReplicas', 'availableReplicas', 'readyReplicas'] as const).some(
    (field) => numberAt(before, field) !== counts[field],
  )
  const last = objectsAt(before, 'conditions').find(({ type }) => type === 'Progressing')
  const deadlineMs = (numberAt(deployment, 'spec', 'progressDeadlineSeconds') ?? 600) * 1000
  const since = Date.parse(textAt(last, 'lastUpdateTime'))
  // A rollout that was complete has begun anew.
  const isFresh = moved || Number.isNaN(since) || last?.reason === 'NewReplicaSetAvailable'
  const leftMs = isFresh ? deadlineMs : since + deadlineMs - nowMs
  if (leftMs > 0)
    return {
      condition: { status: 'True', reason: 'ReplicaSetUpdated', message: `${name} is progressing.` },
      moved: isFresh,
      recheckMs: Math.min(leftMs + 1000, 2 ** 31 - 1),
    }
  return {
    condition: {
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: `${name} has timed out progressing.`,
    },
    moved: false,
    recheckMs: undefined,
  }
}
