import type { Logger } from '@axoneme/log'
import { clone, ensureObject, objectsAt, textAt } from '../apiserver/json.ts'
import { controllerOf, isDeleting, type KubeObject, keyOf, timestamp } from '../apiserver/object.ts'
import type { Cluster } from './cluster.ts'
import { recordEvent } from './events.ts'
import { unsuitable } from './node-fit.ts'
import { hasEnded } from './pods.ts'
import { disposeAll } from './subscriptions.ts'
import { WorkQueue } from './work-queue.ts'

/**
 * Binds pods to nodes that suit them: of those the one with the fewest pods of the same owner, then with the fewest
 * pods, then the first by name.
 */
export function startScheduler(cluster: Cluster, log: Logger): Disposable {
  const loads = new NodeLoads(cluster)
  const waiting = new Set<string>()
  const queue = new WorkQueue({
    log,
    random: cluster.context.random,
    reconcile(key) {
      const pod = cluster.pods.get(key)
      if (pod === undefined || !isUnscheduled(pod)) waiting.delete(key)
      else if (schedule(cluster, loads, pod)) waiting.delete(key)
      else waiting.add(key)
    },
  })
  const enqueue = (pod: KubeObject) => {
    if (isUnscheduled(pod)) queue.add(keyOf(pod))
  }
  for (const pod of cluster.pods.collection.values()) enqueue(pod)
  return disposeAll([
    loads,
    queue,
    cluster.pods.collection.subscribe(({ type, object }) => {
      if (type !== 'MODIFIED') waiting.delete(keyOf(object))
      if (type === 'DELETED') return
      // What waits for a node is not woken by the note about it.
      if (!waiting.has(keyOf(object))) enqueue(object)
    }),
    cluster.nodes.collection.subscribe(() => {
      for (const key of waiting) queue.add(key)
    }),
  ])
}

function isUnscheduled(pod: KubeObject): boolean {
  return (
    textAt(pod, 'spec', 'nodeName') === '' &&
    textAt(pod, 'spec', 'schedulerName') === 'default-scheduler' &&
    objectsAt(pod, 'spec', 'schedulingGates').length === 0 &&
    !isDeleting(pod) &&
    !hasEnded(pod)
  )
}

/** Binds the pod, or says in its status why it waits. */
function schedule(cluster: Cluster, loads: NodeLoads, pod: KubeObject): boolean {
  const reasons = new Map<string, number>()
  const suitable: string[] = []
  for (const node of cluster.nodes.collection.sorted()) {
    const why = unsuitable(node, pod)
    if (why === undefined) suitable.push(node.metadata.name)
    else reasons.set(why, (reasons.get(why) ?? 0) + 1)
  }
  const best = loads.leastLoaded(suitable, controllerOf(pod)?.uid ?? '')
  if (best !== undefined) {
    cluster.pods.bind(pod, best)
    recordEvent(cluster, pod, {
      type: 'Normal',
      reason: 'Scheduled',
      message: `Successfully assigned ${keyOf(pod)} to ${best}`,
      component: 'default-scheduler',
    })
    return true
  }
  const counted = [...reasons].map(([why, count]) => `${count} node(s) ${why}`).join(', ')
  const message = `0/${cluster.nodes.collection.size} nodes are available${counted === '' ? '' : `: ${counted}`}.`
  noteUnschedulable(cluster, pod, message)
  return false
}

function noteUnschedulable(cluster: Cluster, pod: KubeObject, message: string): void {
  const conditions = objectsAt(pod, 'status', 'conditions')
  const before = conditions.find(({ type }) => type === 'PodScheduled')
  if (before?.message === message) return
  const next = clone(pod)
  const status = ensureObject(next, 'status')
  status.conditions = [
    ...conditions.filter(({ type }) => type !== 'PodScheduled'),
    {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastTransitionTime: before?.lastTransitionTime ?? timestamp(cluster.now()),
    },
  ]
  cluster.pods.updateStatus(pod, status)
  recordEvent(cluster, pod, {
    type: 'Warning',
    reason: 'FailedScheduling',
    message,
    component: 'default-scheduler',
  })
}

/** How many pods each node has, in all and of each owner. */
class NodeLoads implements Disposable {
  readonly #counts = new Map<string, number>()
  readonly #subscription: Disposable

  constructor(cluster: Cluster) {
    for (const pod of cluster.pods.collection.values()) this.#count(pod, 1)
    this.#subscription = cluster.pods.collection.subscribe(({ type, object, previous }) => {
      if (previous !== undefined) this.#count(previous, -1)
      if (type !== 'DELETED') this.#count(object, 1)
    })
  }

  leastLoaded(names: readonly string[], ownerUid: string): string | undefined {
    let best: { name: string; owned: number; all: number } | undefined
    for (const name of names) {
      const owned = this.#counts.get(`${name}/${ownerUid}`) ?? 0
      const all = this.#counts.get(name) ?? 0
      if (best === undefined || owned < best.owned || (owned === best.owned && all < best.all))
        best = { name, owned, all }
    }
    return best?.name
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]()
  }

  #count(pod: KubeObject, step: number): void {
    const node = textAt(pod, 'spec', 'nodeName')
    if (node === '' || hasEnded(pod)) return
    for (const key of [node, `${node}/${controllerOf(pod)?.uid ?? ''}`])
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + step)
  }
}
