import type { VerbContext } from '../apiserver/index.ts'
import { isEqual, type Json, type JsonObject } from '../apiserver/json.ts'
import { controllerOf, type KubeObject, keyOf, storageKey } from '../apiserver/object.ts'
import type { DeleteOptions, ResourceType } from '../apiserver/resources/types.ts'
import type { Collection } from '../apiserver/store/collection.ts'
import { bindPod } from '../apiserver/verbs/actions.ts'
import { collectionOf } from '../apiserver/verbs/context.ts'
import { createObject } from '../apiserver/verbs/create.ts'
import { deleteObject } from '../apiserver/verbs/remove.ts'
import { updateObject } from '../apiserver/verbs/update.ts'

/** One resource as controllers use it. Reads are of the present state; writes are validated as everybody's. */
export class Resource {
  readonly type: ResourceType
  readonly collection: Collection
  readonly #context: VerbContext

  constructor(context: VerbContext, type: ResourceType) {
    this.#context = context
    this.type = type
    this.collection = collectionOf(context, type)
  }

  get(key: string): KubeObject | undefined {
    return this.collection.get(key)
  }

  find(namespace: string | undefined, name: string): KubeObject | undefined {
    return this.collection.get(storageKey(namespace, name))
  }

  create(namespace: string, body: JsonObject): KubeObject {
    return createObject(this.#context, this.type, { namespace, body })
  }

  /** Replaces everything but the status; fails when the object changed since `next` was read. */
  update(next: KubeObject): KubeObject {
    return updateObject(this.#context, this.type, { ...targetOf(next), body: next, isPatch: true })
  }

  /** Writes the status when it says something new. */
  updateStatus(object: KubeObject, status: Json): void {
    if (isEqual(object.status, status)) return
    updateObject(this.#context, this.type, {
      ...targetOf(object),
      body: { ...object, status },
      subresource: 'status',
      isPatch: true,
    })
  }

  delete(object: KubeObject, options: DeleteOptions = {}): void {
    deleteObject(this.#context, this.type, {
      ...targetOf(object),
      options: { preconditions: { uid: object.metadata.uid }, ...options },
    })
  }

  bind(pod: KubeObject, nodeName: string): void {
    bindPod(this.#context, this.type, { ...targetOf(pod), body: { target: { name: nodeName } } })
  }
}

function targetOf({ metadata }: KubeObject): { namespace: string; name: string } {
  return { namespace: metadata.namespace ?? '', name: metadata.name }
}

/** The objects of a resource by a key that each of them has, kept up to date. */
export class Index implements Disposable {
  readonly #groups = new Map<string, Map<string, KubeObject>>()
  readonly #keyFor: (object: KubeObject) => string | undefined
  readonly #subscription: Disposable

  constructor(resource: Resource, keyFor: (object: KubeObject) => string | undefined) {
    this.#keyFor = keyFor
    for (const object of resource.collection.values()) this.#add(object)
    this.#subscription = resource.collection.subscribe(({ type, object, previous }) => {
      if (previous !== undefined) this.#remove(previous)
      if (type !== 'DELETED') this.#add(object)
    })
  }

  of(key: string): KubeObject[] {
    return [...(this.#groups.get(key)?.values() ?? [])]
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]()
  }

  #add(object: KubeObject): void {
    const key = this.#keyFor(object)
    if (key === undefined) return
    const group = this.#groups.get(key) ?? new Map<string, KubeObject>()
    group.set(keyOf(object), object)
    this.#groups.set(key, group)
  }

  #remove(object: KubeObject): void {
    const key = this.#keyFor(object)
    const group = key === undefined ? undefined : this.#groups.get(key)
    if (key === undefined || group === undefined) return
    group.delete(keyOf(object))
    if (group.size === 0) this.#groups.delete(key)
  }
}

export type Cluster = Readonly<{
  context: VerbContext
  now: () => number
  pods: Resource
  nodes: Resource
  namespaces: Resource
  services: Resource
  endpoints: Resource
  endpointSlices: Resource
  serviceAccounts: Resource
  events: Resource
  volumeClaims: Resource
  deployments: Resource
  replicaSets: Resource
  statefulSets: Resource
  daemonSets: Resource
  podsByOwner: Index
  podsByNamespace: Index
  replicaSetsByOwner: Index
}> &
  Disposable

/** The resources that the controllers work with, and the indexes that they share. */
export function openCluster(context: VerbContext): Cluster {
  const resource = (group: string, plural: string) =>
    new Resource(context, context.registry.mustFind(group, 'v1', plural))
  const pods = resource('', 'pods')
  const replicaSets = resource('apps', 'replicasets')
  const ownerUid = (object: KubeObject) => controllerOf(object)?.uid
  const podsByOwner = new Index(pods, ownerUid)
  const podsByNamespace = new Index(pods, (pod) => pod.metadata.namespace)
  const replicaSetsByOwner = new Index(replicaSets, ownerUid)
  return {
    context,
    now: context.now,
    pods,
    nodes: resource('', 'nodes'),
    namespaces: resource('', 'namespaces'),
    services: resource('', 'services'),
    endpoints: resource('', 'endpoints'),
    endpointSlices: resource('discovery.k8s.io', 'endpointslices'),
    serviceAccounts: resource('', 'serviceaccounts'),
    events: resource('', 'events'),
    volumeClaims: resource('', 'persistentvolumeclaims'),
    deployments: resource('apps', 'deployments'),
    replicaSets,
    statefulSets: resource('apps', 'statefulsets'),
    daemonSets: resource('apps', 'daemonsets'),
    podsByOwner,
    podsByNamespace,
    replicaSetsByOwner,
    [Symbol.dispose]() {
      podsByOwner[Symbol.dispose]()
      podsByNamespace[Symbol.dispose]()
      replicaSetsByOwner[Symbol.dispose]()
    },
  }
}
