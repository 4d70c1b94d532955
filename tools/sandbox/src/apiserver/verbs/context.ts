import type { KubeObject } from '../object.ts'
import type { Registry } from '../resources/registry.ts'
import { groupVersion, type ResourceType } from '../resources/types.ts'
import type { Collection } from '../store/collection.ts'
import type { Store } from '../store/store.ts'

/** What the verbs work on. */
export type VerbContext = Readonly<{
  store: Store
  registry: Registry
  now: () => number
  random: () => number
  newUid: () => string
}>

/** Where an object is: empty namespace for cluster-scoped ones. */
export type Target = Readonly<{ namespace: string; name: string }>

export function collectionOf(context: VerbContext, type: ResourceType): Collection {
  return context.store.collection(type.storage)
}

/** The stored object as `type`'s version shows it. */
export function toServed(type: ResourceType, stored: KubeObject): KubeObject {
  if (type.storedAs === undefined) return stored
  const served = { ...stored, apiVersion: groupVersion(type) }
  type.convert?.fromStored(served)
  return served
}

/** What a client sent in `type`'s version, as it is stored. */
export function toStored(type: ResourceType, served: KubeObject): KubeObject {
  if (type.storedAs === undefined) return served
  const stored = { ...served, apiVersion: type.storedAs }
  type.convert?.toStored(stored)
  return stored
}
