import type { Logger } from '@axoneme/log'
import { clone } from '../apiserver/json.ts'
import { isDeleting, type KubeObject, keyOf } from '../apiserver/object.ts'
import type { Change } from '../apiserver/store/history.ts'
import { type Cluster, Resource } from './cluster.ts'
import { disposeAll } from './subscriptions.ts'
import { WorkQueue } from './work-queue.ts'

/**
 * Deletes what nobody owns any more: an object all of whose owners are gone. Also ends the deletions that wait for
 * their dependents (foregroundDeletion) or let go of them first (orphan).
 */
export function startGarbageCollector(cluster: Cluster, log: Logger): Disposable {
  const graph = new OwnerGraph()
  const queue = new WorkQueue({
    log,
    random: cluster.context.random,
    reconcile: (uid) => reconcile(cluster, graph, uid),
  })
  for (const type of cluster.context.registry.storedTypes())
    for (const object of new Resource(cluster.context, type).collection.values()) graph.add(object)
  for (const object of graph.owned()) queue.add(object.metadata.uid)
  return disposeAll([
    queue,
    cluster.context.store.subscribe((change: Change) => {
      for (const uid of graph.apply(change)) queue.add(uid)
    }),
  ])
}

/** Every object by uid, and who says to belong to whom. */
class OwnerGraph {
  readonly #objects = new Map<string, KubeObject>()
  readonly #dependents = new Map<string, Set<string>>()

  get(uid: string): KubeObject | undefined {
    return this.#objects.get(uid)
  }

  *owned(): Generator<KubeObject> {
    for (const object of this.#objects.values()) if (ownersOf(object).length > 0) yield object
  }

  dependentsOf(uid: string): KubeObject[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap((dependent) => {
      const object = this.#objects.get(dependent)
      return object === undefined ? [] : [object]
    })
  }

  add(object: KubeObject): void {
    this.#objects.set(object.metadata.uid, object)
    for (const owner of ownersOf(object)) {
      const dependents = this.#dependents.get(owner) ?? new Set<string>()
      dependents.add(object.metadata.uid)
      this.#dependents.set(owner, dependents)
    }
  }

  /** Takes the change in and gives the objects that have to be looked at. */
  apply({ type, object, previous }: Change): string[] {
    const { uid } = object.metadata
    if (previous !== undefined) this.#remove(previous)
    if (type !== 'DELETED') {
      this.add(object)
      const isNewlyOwned = ownersOf(object).length > 0 && previous === undefined
      return isNewlyOwned || (isDeleting(object) && waitsForUs(object)) ? [uid] : []
    }
    // Its dependents lose an owner; owners that wait for their dependents may go on.
    return [...this.dependentsOf(uid).map((dependent) => dependent.metadata.uid), ...ownersOf(object)]
  }

  #remove(object: KubeObject): void {
    this.#objects.delete(object.metadata.uid)
    for (const owner of ownersOf(object)) {
      const dependents = this.#dependents.get(owner)
      dependents?.delete(object.metadata.uid)
      if (dependents?.size === 0) this.#dependents.delete(owner)
    }
  }
}

function ownersOf(object: KubeObject): string[] {
  return (object.metadata.ownerReferences ?? []).map((owner) => owner.uid)
}

function waitsForUs({ metadata }: KubeObject): boolean {
  return metadata.finalizers?.some((name) => name === 'orphan' || name === 'foregroundDeletion') === true
}

function reconcile(cluster: Cluster, graph: OwnerGraph, uid: string): void {
  const object = graph.get(uid)
  if (object === undefined) return
  const resource = resourceOf(cluster, object)
  if (resource === undefined) return
  if (isDeleting(object)) {
    if (object.metadata.finalizers?.includes('orphan') === true) orphan(cluster, graph, object)
    else if (object.metadata.finalizers?.includes('foregroundDeletion') === true)
      deleteDependents(cluster, graph, object)
    return
  }
  const references = object.metadata.ownerReferences ?? []
  const present = references.filter((owner) => graph.get(owner.uid) !== undefined)
  if (references.length === 0 || present.length === references.length) return
  if (present.length === 0) {
    resource.delete(object, { propagationPolicy: 'Background' })
    return
  }
  const next = clone(object)
  next.metadata.ownerReferences = present
  resource.update(next)
}

function resourceOf(cluster: Cluster, object: KubeObject): Resource | undefined {
  const type = cluster.context.registry.findKind(object.apiVersion, object.kind)
  return type === undefined ? undefined : new Resource(cluster.context, type)
}

function orphan(cluster: Cluster, graph: OwnerGraph, owner: KubeObject): void {
  for (const dependent of graph.dependentsOf(owner.metadata.uid)) {
    const next = clone(dependent)
    next.metadata.ownerReferences =
      next.metadata.ownerReferences?.filter(({ uid }) => uid !== owner.metadata.uid) ?? []
    resourceOf(cluster, dependent)?.update(next)
  }
  dropFinalizer(cluster, owner, 'orphan')
}

function deleteDependents(cluster: Cluster, graph: OwnerGraph, owner: KubeObject): void {
  const dependents = graph.dependentsOf(owner.metadata.uid)
  for (const dependent of dependents)
    if (!isDeleting(dependent))
      resourceOf(cluster, dependent)?.delete(dependent, { propagationPolicy: 'Foreground' })
  const blocks = (dependent: KubeObject) =>
    dependent.metadata.ownerReferences?.some(
      (reference) => reference.uid === owner.metadata.uid && reference.blockOwnerDeletion === true,
    ) === true
  if (!graph.dependentsOf(owner.metadata.uid).some(blocks))
    dropFinalizer(cluster, owner, 'foregroundDeletion')
}

function dropFinalizer(cluster: Cluster, object: KubeObject, name: string): void {
  const resource = resourceOf(cluster, object)
  const current = resource?.get(keyOf(object))
  if (resource === undefined || current === undefined || current.metadata.uid !== object.metadata.uid) return
  const next = clone(current)
  next.metadata.finalizers = next.metadata.finalizers?.filter((finalizer) => finalizer !== name) ?? []
  resource.update(next)
}
