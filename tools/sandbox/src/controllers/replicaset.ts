import type { Logger } from '@axoneme/log'
import { at, numberAt, objectsAt, stringMapAt } from '../apiserver/json.ts'
import {
  controllerOf,
  isDeleting,
  type KubeObject,
  keyOf,
  labelsOf,
  storageKey,
} from '../apiserver/object.ts'
import { labelSelectorMatcher } from '../apiserver/selectors/labels.ts'
import type { Change } from '../apiserver/store/history.ts'
import type { Cluster } from './cluster.ts'
import { availableInMs, byDeletionOrder, claimPods, isActive, isPodReady, podFromTemplate } from './pods.ts'
import { disposeAll } from './subscriptions.ts'
import { WorkQueue } from './work-queue.ts'

/** At most so many pods are made or deleted at once; the rest follows. */
const burst = 250

/** Keeps as many pods of each ReplicaSet's template as it asks for. */
export function startReplicaSetController(cluster: Cluster, log: Logger): Disposable {
  const queue = new WorkQueue({
    log,
    random: cluster.context.random,
    reconcile: (key) => reconcile(cluster, queue, key),
  })
  for (const set of cluster.replicaSets.collection.values()) queue.add(keyOf(set))
  return disposeAll([
    queue,
    cluster.replicaSets.collection.subscribe(({ object }) => queue.add(keyOf(object))),
    cluster.pods.collection.subscribe((change) => {
      for (const key of affectedSets(cluster, change)) queue.add(key)
    }),
  ])
}

/** The owners before and after; for orphans every set of the namespace that would take them. */
function affectedSets(cluster: Cluster, { object, previous }: Change): string[] {
  const keys = [object, previous].flatMap((pod) => {
    const owner = pod === undefined ? undefined : controllerOf(pod)
    return owner?.kind === 'ReplicaSet' ? [storageKey(object.metadata.namespace, owner.name)] : []
  })
  if (controllerOf(object) !== undefined) return keys
  for (const set of cluster.replicaSets.collection.values())
    if (
      set.metadata.namespace === object.metadata.namespace &&
      labelSelectorMatcher(at(set, 'spec', 'selector'))(labelsOf(object))
    )
      keys.push(keyOf(set))
  return keys
}

function reconcile(cluster: Cluster, queue: WorkQueue, key: string): void {
  const set = cluster.replicaSets.get(key)
  if (set === undefined || isDeleting(set)) return
  const pods = claimPods(cluster, set)
  const active = pods.filter(isActive)
  const wanted = numberAt(set, 'spec', 'replicas') ?? 1
  const missing = wanted - active.length
  for (let i = 0; i < Math.min(missing, burst); i++)
    cluster.pods.create(
      set.metadata.namespace ?? '',
      podFromTemplate(set, { generateName: `${set.metadata.name}-` }),
    )
  const surplus = [...active].sort(byDeletionOrder).slice(0, Math.min(Math.max(0, -missing), burst))
  for (const pod of surplus) cluster.pods.delete(pod)
  if (Math.abs(missing) > burst) queue.add(key)
  writeStatus(cluster, queue, set)
}

function writeStatus(cluster: Cluster, queue: WorkQueue, set: KubeObject): void {
  const current = cluster.replicaSets.get(keyOf(set))
  if (current === undefined) return
  const pods = cluster.podsByOwner.of(set.metadata.uid).filter(isActive)
  const minReadySeconds = numberAt(set, 'spec', 'minReadySeconds') ?? 0
  const waits = pods.map((pod) => availableInMs(pod, minReadySeconds, cluster.now()))
  const nextMs = Math.min(...waits.filter((wait) => wait !== undefined && wait > 0).map((wait) => wait ?? 0))
  if (Number.isFinite(nextMs)) queue.addAfter(keyOf(set), nextMs)
  const templateLabels = Object.entries(stringMapAt(set, 'spec', 'template', 'metadata', 'labels'))
  const labelled = pods.filter((pod) =>
    templateLabels.every(([name, value]) => labelsOf(pod)[name] === value),
  )
  cluster.replicaSets.updateStatus(current, {
    replicas: pods.length,
    fullyLabeledReplicas: labelled.length,
    readyReplicas: pods.filter(isPodReady).length,
    availableReplicas: waits.filter((wait) => wait === 0).length,
    observedGeneration: set.metadata.generation ?? 1,
    ...(objectsAt(current, 'status', 'conditions').length > 0
      ? { conditions: objectsAt(current, 'status', 'conditions') }
      : {}),
  })
}
