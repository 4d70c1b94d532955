import type { Logger } from '@axoneme/log'
import {
  at,
  clone,
  ensureObject,
  isEqual,
  numberAt,
  objectAt,
  objectsAt,
  stringMapAt,
  textAt,
} from '../apiserver/json.ts'
import { controllerOf, isDeleting, type KubeObject, keyOf, storageKey } from '../apiserver/object.ts'
import type { Cluster } from './cluster.ts'
import { deploymentStatus } from './deployment-status.ts'
import { recordEvent } from './events.ts'
import { controllerReference } from './pods.ts'
import { planRollingUpdate, rollingLimits } from './rolling-update.ts'
import { disposeAll } from './subscriptions.ts'
import { templateHash } from './template-hash.ts'
import { WorkQueue } from './work-queue.ts'

const hashLabel = 'pod-template-hash'
const revisionAnnotation = 'deployment.kubernetes.io/revision'

/** Carries Deployments to ReplicaSets: one for each template, sized so that an update never leaves its limits. */
export function startDeploymentController(cluster: Cluster, log: Logger): Disposable {
  const queue = new WorkQueue({
    log,
    random: cluster.context.random,
    reconcile: (key) => reconcile(cluster, queue, key),
  })
  for (const deployment of cluster.deployments.collection.values()) queue.add(keyOf(deployment))
  return disposeAll([
    queue,
    cluster.deployments.collection.subscribe(({ object }) => queue.add(keyOf(object))),
    cluster.replicaSets.collection.subscribe(({ object }) => {
      const owner = controllerOf(object)
      if (owner?.kind === 'Deployment') queue.add(storageKey(object.metadata.namespace, owner.name))
    }),
    cluster.pods.collection.subscribe(({ type, object }) => {
      // A Recreate waits for the last pod of the old template to be gone.
      const set = type === 'DELETED' ? controllerOf(object) : undefined
      const owner = set === undefined ? undefined : ownerOfSet(cluster, object, set.name)
      if (owner !== undefined) queue.add(owner)
    }),
  ])
}

function ownerOfSet(cluster: Cluster, pod: KubeObject, setName: string): string | undefined {
  const set = cluster.replicaSets.find(pod.metadata.namespace, setName)
  const owner = set === undefined ? undefined : controllerOf(set)
  return owner?.kind === 'Deployment' ? storageKey(pod.metadata.namespace, owner.name) : undefined
}

function reconcile(cluster: Cluster, queue: WorkQueue, key: string): void {
  const deployment = cluster.deployments.get(key)
  if (deployment === undefined || isDeleting(deployment)) return
  const sets = cluster.replicaSetsByOwner.of(deployment.metadata.uid).filter((set) => !isDeleting(set))
  const current = findCurrent(deployment, sets)
  const isPaused = at(deployment, 'spec', 'paused') === true
  if (current === undefined && !isPaused) {
    createSet(cluster, deployment, sets)
    // Its appearance brings the deployment back, with a size to give to it.
    return
  }
  const old = sets.filter((set) => set !== current)
  if (isPaused) resizeOnlySet(cluster, deployment, sets)
  else if (current !== undefined) {
    keepRevision(cluster, deployment, { current, old })
    for (const [name, replicas] of planSizes(cluster, deployment, { current, old }))
      resize(cluster, deployment, { name, replicas })
    dropOldSets(cluster, deployment, old)
  }
  const latest = cluster.deployments.get(key)
  if (latest === undefined) return
  const { status, recheckMs } = deploymentStatus(cluster, latest, {
    current: current === undefined ? undefined : cluster.replicaSets.get(keyOf(current)),
    all: cluster.replicaSetsByOwner.of(latest.metadata.uid),
  })
  cluster.deployments.updateStatus(latest, status)
  if (recheckMs !== undefined) queue.addAfter(key, recheckMs)
}

function findCurrent(deployment: KubeObject, sets: readonly KubeObject[]): KubeObject | undefined {
  const wanted = at(deployment, 'spec', 'template')
  return sets.find((set) => {
    const template = clone(objectAt(set, 'spec', 'template'))
    delete ensureObject(ensureObject(template, 'metadata'), 'labels')[hashLabel]
    return isEqual(withLabels(template), withLabels(clone(wanted)))
  })
}

/** An absent label map is an empty one. */
function withLabels(template: ReturnType<typeof at>) {
  if (typeof template === 'object' && template !== null && !Array.isArray(template))
    ensureObject(ensureObject(template, 'metadata'), 'labels')
  return template
}

function createSet(cluster: Cluster, deployment: KubeObject, sets: readonly KubeObject[]): void {
  const template = clone(objectAt(deployment, 'spec', 'template'))
  const collisions = numberAt(deployment, 'status', 'collisionCount') ?? 0
  const hash = templateHash({ template, collisions })
  const name = `${deployment.metadata.name}-${hash}`
  const labels = ensureObject(ensureObject(template, 'metadata'), 'labels')
  labels[hashLabel] = hash
  if (cluster.replicaSets.find(deployment.metadata.namespace, name) !== undefined) {
    // Another template, or another deployment's leftover, has this name: count on, which changes the hash.
    cluster.deployments.updateStatus(deployment, {
      ...objectAt(deployment, 'status'),
      collisionCount: collisions + 1,
    })
    return
  }
  cluster.replicaSets.create(deployment.metadata.namespace ?? '', {
    metadata: {
      name,
      labels: { ...stringMapAt(deployment, 'spec', 'template', 'metadata', 'labels'), [hashLabel]: hash },
      annotations: {
        ...copiedAnnotations(deployment),
        [revisionAnnotation]: String(latestRevision(sets) + 1),
        'deployment.kubernetes.io/desired-replicas': String(desiredReplicas(deployment)),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: 0,
      minReadySeconds: numberAt(deployment, 'spec', 'minReadySeconds') ?? 0,
      selector: {
        ...objectAt(deployment, 'spec', 'selector'),
        matchLabels: { ...stringMapAt(deployment, 'spec', 'selector', 'matchLabels'), [hashLabel]: hash },
      },
      template,
    },
  })
}

function copiedAnnotations(deployment: KubeObject): Record<string, string> {
  const entries = Object.entries(deployment.metadata.annotations ?? {})
  const isOwn = (key: string) =>
    key === 'kubectl.kubernetes.io/last-applied-configuration' || key === revisionAnnotation
  return Object.fromEntries(entries.filter(([key]) => !isOwn(key)))
}

function revisionOf(set: KubeObject): number {
  return Number(set.metadata.annotations?.[revisionAnnotation] ?? 0)
}

function latestRevision(sets: readonly KubeObject[]): number {
  return Math.max(0, ...sets.map(revisionOf))
}

function desiredReplicas(deployment: KubeObject): number {
  return numberAt(deployment, 'spec', 'replicas') ?? 1
}

/** A set that is used again (a rollback) becomes the newest revision; the deployment shows the current one. */
function keepRevision(
  cluster: Cluster,
  deployment: KubeObject,
  { current, old }: { current: KubeObject; old: readonly KubeObject[] },
): void {
  const revision = Math.max(revisionOf(current), latestRevision(old) + 1)
  if (revision !== revisionOf(current)) annotate(cluster.replicaSets, current, String(revision))
  if (deployment.metadata.annotations?.[revisionAnnotation] !== String(revision))
    annotate(cluster.deployments, deployment, String(revision))
}

function annotate(resource: Cluster['deployments'], object: KubeObject, revision: string): void {
  const next = clone(object)
  next.metadata.annotations = { ...next.metadata.annotations, [revisionAnnotation]: revision }
  resource.update(next)
}

function planSizes(
  cluster: Cluster,
  deployment: KubeObject,
  { current, old }: { current: KubeObject; old: readonly KubeObject[] },
): Map<string, number> {
  const desired = desiredReplicas(deployment)
  const replicasOf = (set: KubeObject) => numberAt(set, 'spec', 'replicas') ?? 0
  if (textAt(deployment, 'spec', 'strategy', 'type') === 'Recreate') {
    const shrunk = old.filter((set) => replicasOf(set) > 0)
    if (shrunk.length > 0) return new Map(shrunk.map((set) => [set.metadata.name, 0]))
    const isRunning = old.some((set) => cluster.podsByOwner.of(set.metadata.uid).length > 0)
    return isRunning || replicasOf(current) === desired
      ? new Map()
      : new Map([[current.metadata.name, desired]])
  }
  const rolling = objectAt(deployment, 'spec', 'strategy', 'rollingUpdate')
  const counts = (set: KubeObject) => ({
    name: set.metadata.name,
    replicas: replicasOf(set),
    available: numberAt(set, 'status', 'availableReplicas') ?? 0,
  })
  return planRollingUpdate({
    desired,
    limits: rollingLimits(desired, { maxSurge: rolling.maxSurge, maxUnavailable: rolling.maxUnavailable }),
    current: counts(current),
    old: [...old].sort((a, b) => revisionOf(a) - revisionOf(b)).map(counts),
  })
}

/** A paused deployment is still scaled, as long as only one template is in use. */
function resizeOnlySet(cluster: Cluster, deployment: KubeObject, sets: readonly KubeObject[]): void {
  const inUse = sets.filter((set) => (numberAt(set, 'spec', 'replicas') ?? 0) > 0)
  const [only] = inUse
  if (inUse.length === 1 && only !== undefined)
    resize(cluster, deployment, { name: only.metadata.name, replicas: desiredReplicas(deployment) })
}

function resize(
  cluster: Cluster,
  deployment: KubeObject,
  { name, replicas }: { name: string; replicas: number },
): void {
  const set = cluster.replicaSets.find(deployment.metadata.namespace, name)
  const before = numberAt(set, 'spec', 'replicas') ?? 0
  if (set === undefined || before === replicas) return
  const next = clone(set)
  ensureObject(next, 'spec').replicas = replicas
  cluster.replicaSets.update(next)
  recordEvent(cluster, deployment, {
    type: 'Normal',
    reason: 'ScalingReplicaSet',
    message: `Scaled ${replicas > before ? 'up' : 'down'} replica set ${name} from ${before} to ${replicas}`,
    component: 'deployment-controller',
  })
}

function dropOldSets(cluster: Cluster, deployment: KubeObject, old: readonly KubeObject[]): void {
  const limit = numberAt(deployment, 'spec', 'revisionHistoryLimit') ?? 10
  const empty = old
    .filter(
      (set) => numberAt(set, 'spec', 'replicas') === 0 && (numberAt(set, 'status', 'replicas') ?? 0) === 0,
    )
    .sort((a, b) => revisionOf(a) - revisionOf(b))
  for (const set of empty.slice(0, Math.max(0, empty.length - limit))) {
    if (isObserved(set)) cluster.replicaSets.delete(set)
  }
}

function isObserved(set: KubeObject): boolean {
  return (
    numberAt(set, 'status', 'observedGeneration') === set.metadata.generation &&
    objectsAt(set, 'metadata', 'finalizers').length === 0
  )
}
