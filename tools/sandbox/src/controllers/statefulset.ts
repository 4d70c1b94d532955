import type { Logger } from '@axoneme/log'
import { at, clone, ensureObject, numberAt, objectAt, objectsAt, textAt } from '../apiserver/json.ts'
import {
  controllerOf,
  isDeleting,
  type KubeObject,
  keyOf,
  labelsOf,
  storageKey,
} from '../apiserver/object.ts'
import type { Cluster } from './cluster.ts'
import { availableInMs, claimPods, hasEnded, isPodReady, podFromTemplate } from './pods.ts'
import { disposeAll } from './subscriptions.ts'
import { templateHash } from './template-hash.ts'
import { WorkQueue } from './work-queue.ts'

export const revisionLabel = 'controller-revision-hash'

/** Keeps the pods NAME-0 to NAME-(n-1) of each StatefulSet, one after the other unless it says Parallel. */
export function startStatefulSetController(cluster: Cluster, log: Logger): Disposable {
  const queue = new WorkQueue({
    log,
    random: cluster.context.random,
    reconcile: (key) => reconcile(cluster, queue, key),
  })
  for (const set of cluster.statefulSets.collection.values()) queue.add(keyOf(set))
  return disposeAll([
    queue,
    cluster.statefulSets.collection.subscribe(({ object }) => queue.add(keyOf(object))),
    cluster.pods.collection.subscribe(({ object, previous }) => {
      for (const pod of [object, previous]) {
        const owner = pod === undefined ? undefined : controllerOf(pod)
        if (owner?.kind === 'StatefulSet') queue.add(storageKey(object.metadata.namespace, owner.name))
      }
    }),
  ])
}

function reconcile(cluster: Cluster, queue: WorkQueue, key: string): void {
  const set = cluster.statefulSets.get(key)
  if (set === undefined || isDeleting(set)) return
  const revision = `${set.metadata.name}-${templateHash(at(set, 'spec', 'template') ?? {})}`
  const pods = new Map(claimPods(cluster, set).map((pod) => [ordinalOf(set, pod), pod]))
  step(cluster, set, { pods, revision })
  writeStatus(cluster, queue, { key, revision })
}

/** The next thing to do; its effect brings the set back. */
function step(
  cluster: Cluster,
  set: KubeObject,
  { pods, revision }: { pods: ReadonlyMap<number, KubeObject>; revision: string },
): void {
  const replicas = numberAt(set, 'spec', 'replicas') ?? 1
  const isParallel = textAt(set, 'spec', 'podManagementPolicy') === 'Parallel'
  const isSettled = (pod: KubeObject | undefined) => pod !== undefined && isPodReady(pod) && !isDeleting(pod)
  for (let ordinal = 0; ordinal < replicas; ordinal++) {
    const pod = pods.get(ordinal)
    if (pod === undefined) createPod(cluster, set, { ordinal, revision })
    else if (hasEnded(pod) && !isDeleting(pod)) cluster.pods.delete(pod, { gracePeriodSeconds: 0 })
    if (!isParallel && !isSettled(pod)) return
  }
  const surplus = [...pods].filter(([ordinal]) => ordinal >= replicas).sort(([a], [b]) => b - a)
  for (const [, pod] of surplus) {
    if (!isDeleting(pod)) cluster.pods.delete(pod)
    if (!isParallel) return
  }
  if (textAt(set, 'spec', 'updateStrategy', 'type') !== 'RollingUpdate') return
  const partition = numberAt(set, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ?? 0
  for (let ordinal = replicas - 1; ordinal >= partition; ordinal--) {
    const pod = pods.get(ordinal)
    if (!isSettled(pod) || pod === undefined) return
    if (labelsOf(pod)[revisionLabel] === revision) continue
    cluster.pods.delete(pod)
    return
  }
}

function ordinalOf(set: KubeObject, pod: KubeObject): number {
  const suffix = pod.metadata.name.slice(set.metadata.name.length + 1)
  return /^\d+$/.test(suffix) ? Number(suffix) : Number.POSITIVE_INFINITY
}

function createPod(
  cluster: Cluster,
  set: KubeObject,
  { ordinal, revision }: { ordinal: number; revision: string },
): void {
  const { name: setName, namespace = '' } = set.metadata
  const name = `${setName}-${ordinal}`
  const pod = podFromTemplate(set, {
    name,
    labels: {
      [revisionLabel]: revision,
      'statefulset.kubernetes.io/pod-name': name,
      'apps.kubernetes.io/pod-index': String(ordinal),
    },
  })
  const spec = ensureObject(pod, 'spec')
  spec.hostname = name
  spec.subdomain = textAt(set, 'spec', 'serviceName')
  const volumes = objectsAt(spec, 'volumes')
  for (const template of objectsAt(set, 'spec', 'volumeClaimTemplates')) {
    const volume = textAt(template, 'metadata', 'name')
    const claimName = `${volume}-${name}`
    if (cluster.volumeClaims.find(namespace, claimName) === undefined)
      cluster.volumeClaims.create(namespace, {
        metadata: { ...objectAt(template, 'metadata'), name: claimName },
        spec: clone(objectAt(template, 'spec')),
      })
    volumes.push({ name: volume, persistentVolumeClaim: { claimName } })
  }
  if (volumes.length > 0) spec.volumes = volumes
  cluster.pods.create(namespace, pod)
}

function writeStatus(
  cluster: Cluster,
  queue: WorkQueue,
  { key, revision }: { key: string; revision: string },
): void {
  const set = cluster.statefulSets.get(key)
  if (set === undefined) return
  const pods = cluster.podsByOwner.of(set.metadata.uid).filter((pod) => !hasEnded(pod))
  const updated = pods.filter((pod) => labelsOf(pod)[revisionLabel] === revision)
  const minReadySeconds = numberAt(set, 'spec', 'minReadySeconds') ?? 0
  const waits = pods.map((pod) => availableInMs(pod, minReadySeconds, cluster.now()))
  const soonest = Math.min(
    ...waits.map((wait) => (wait === undefined || wait === 0 ? Number.POSITIVE_INFINITY : wait)),
  )
  if (Number.isFinite(soonest)) queue.addAfter(key, soonest)
  const isComplete =
    updated.length === pods.length && pods.length === (numberAt(set, 'spec', 'replicas') ?? 1)
  const before = textAt(set, 'status', 'currentRevision')
  const currentRevision = isComplete || before === '' ? revision : before
  cluster.statefulSets.updateStatus(set, {
    observedGeneration: set.metadata.generation ?? 1,
    replicas: pods.length,
    readyReplicas: pods.filter(isPodReady).length,
    availableReplicas: waits.filter((wait) => wait === 0).length,
    currentReplicas: pods.filter((pod) => labelsOf(pod)[revisionLabel] === currentRevision).length,
    updatedReplicas: updated.length,
    currentRevision,
    updateRevision: revision,
    collisionCount: 0,
  })
}
