import type { Logger } from '@axoneme/log'
import {
  at,
  ensureObject,
  type JsonObject,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
} from '../apiserver/json.ts'
import {
  controllerOf,
  isDeleting,
  type KubeObject,
  keyOf,
  labelsOf,
  storageKey,
} from '../apiserver/object.ts'
import type { Cluster } from './cluster.ts'
import { matchesSelector, tolerates } from './node-fit.ts'
import { claimPods, hasEnded, isActive, isPodReady, podFromTemplate } from './pods.ts'
import { rollingLimits } from './rolling-update.ts'
import { revisionLabel } from './statefulset.ts'
import { disposeAll } from './subscriptions.ts'
import { templateHash } from './template-hash.ts'
import { WorkQueue } from './work-queue.ts'

/** What a daemon runs in spite of, as kube-controller-manager adds it to every DaemonSet's pods. */
const daemonTolerations: readonly JsonObject[] = [
  ...['not-ready', 'unreachable'].map((name) => ({
    key: `node.kubernetes.io/${name}`,
    operator: 'Exists',
    effect: 'NoExecute',
  })),
  ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable', 'network-unavailable'].map(
    (name) => ({
      key: `node.kubernetes.io/${name}`,
      operator: 'Exists',
      effect: 'NoSchedule',
    }),
  ),
]

/** Keeps one pod of each DaemonSet on every node that suits it. */
export function startDaemonSetController(cluster: Cluster, log: Logger): Disposable {
  const queue = new WorkQueue({
    log,
    random: cluster.context.random,
    reconcile: (key) => reconcile(cluster, key),
  })
  const enqueueAll = () => {
    for (const set of cluster.daemonSets.collection.values()) queue.add(keyOf(set))
  }
  enqueueAll()
  return disposeAll([
    queue,
    cluster.daemonSets.collection.subscribe(({ object }) => queue.add(keyOf(object))),
    cluster.nodes.collection.subscribe(enqueueAll),
    cluster.pods.collection.subscribe(({ object, previous }) => {
      for (const pod of [object, previous]) {
        const owner = pod === undefined ? undefined : controllerOf(pod)
        if (owner?.kind === 'DaemonSet') queue.add(storageKey(object.metadata.namespace, owner.name))
      }
    }),
  ])
}

function reconcile(cluster: Cluster, key: string): void {
  const set = cluster.daemonSets.get(key)
  if (set === undefined || isDeleting(set)) return
  const revision = templateHash(at(set, 'spec', 'template') ?? {})
  const suitable = new Set(
    cluster.nodes.collection
      .sorted()
      .filter((node) => suits(node, set))
      .map((node) => node.metadata.name),
  )
  const byNode = Map.groupBy(claimPods(cluster, set), (pod) => textAt(pod, 'spec', 'nodeName'))
  for (const [nodeName, pods] of byNode) {
    const active = pods.filter(isActive)
    const surplus = suitable.has(nodeName) ? active.slice(1) : active
    for (const pod of surplus) cluster.pods.delete(pod)
    for (const pod of pods)
      if (hasEnded(pod) && !isDeleting(pod)) cluster.pods.delete(pod, { gracePeriodSeconds: 0 })
  }
  for (const nodeName of suitable)
    if ((byNode.get(nodeName) ?? []).length === 0) createPod(cluster, set, { nodeName, revision })
  replaceOutdated(cluster, set, { suitable, revision })
  writeStatus(cluster, set, { suitable, revision })
}

/** Deletes pods of older templates, as many as may be missing at a time. */
function replaceOutdated(
  cluster: Cluster,
  set: KubeObject,
  { suitable, revision }: { suitable: ReadonlySet<string>; revision: string },
): void {
  if (textAt(set, 'spec', 'updateStrategy', 'type') !== 'RollingUpdate') return
  const pods = cluster.podsByOwner.of(set.metadata.uid).filter(isActive)
  const limits = rollingLimits(suitable.size, {
    maxSurge: 0,
    maxUnavailable: at(set, 'spec', 'updateStrategy', 'rollingUpdate', 'maxUnavailable') ?? 1,
  })
  const ready = pods.filter(isPodReady)
  let spare = limits.maxUnavailable - (suitable.size - ready.length)
  const outdated = pods.filter((pod) => labelsOf(pod)[revisionLabel] !== revision)
  for (const pod of outdated) {
    if (!isPodReady(pod)) cluster.pods.delete(pod)
    else if (spare-- > 0) cluster.pods.delete(pod)
  }
}

function suits(node: KubeObject, set: KubeObject): boolean {
  const pod = withTolerations(objectAt(set, 'spec', 'template'))
  return (
    matchesSelector(node, pod) &&
    objectsAt(node, 'spec', 'taints').every(
      (taint) => taint.effect === 'PreferNoSchedule' || tolerates(pod, taint),
    )
  )
}

function withTolerations(pod: JsonObject): JsonObject {
  const spec = objectAt(pod, 'spec')
  return { ...pod, spec: { ...spec, tolerations: [...objectsAt(spec, 'tolerations'), ...daemonTolerations] } }
}

function createPod(
  cluster: Cluster,
  set: KubeObject,
  { nodeName, revision }: { nodeName: string; revision: string },
): void {
  const { name, namespace = '' } = set.metadata
  const pod = withTolerations(
    podFromTemplate(set, { generateName: `${name}-`, labels: { [revisionLabel]: revision } }),
  )
  ensureObject(pod, 'spec').nodeName = nodeName
  cluster.pods.create(namespace, pod)
}

function writeStatus(
  cluster: Cluster,
  set: KubeObject,
  { suitable, revision }: { suitable: ReadonlySet<string>; revision: string },
): void {
  const current = cluster.daemonSets.get(keyOf(set))
  if (current === undefined) return
  const pods = cluster.podsByOwner.of(set.metadata.uid).filter(isActive)
  const placed = pods.filter((pod) => suitable.has(textAt(pod, 'spec', 'nodeName')))
  const ready = placed.filter(isPodReady).length
  cluster.daemonSets.updateStatus(current, {
    observedGeneration: current.metadata.generation ?? 1,
    desiredNumberScheduled: suitable.size,
    currentNumberScheduled: placed.length,
    numberMisscheduled: pods.length - placed.length,
    numberReady: ready,
    numberAvailable: ready,
    numberUnavailable: Math.max(0, suitable.size - ready),
    updatedNumberScheduled: placed.filter((pod) => labelsOf(pod)[revisionLabel] === revision).length,
    collisionCount: numberAt(current, 'status', 'collisionCount') ?? 0,
  })
}
