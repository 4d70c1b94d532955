import { isObject, type Json, type JsonObject } from './json.ts'

export type OwnerReference = {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

/** One manager's fields of an object (server-side apply); `fieldsV1` is the API's own encoding of a set of paths. */
export type ManagedFields = {
  manager: string
  operation: 'Apply' | 'Update'
  apiVersion: string
  time?: string
  fieldsType: 'FieldsV1'
  fieldsV1: JsonObject
  subresource?: string
}

export type ObjectMeta = {
  name: string
  generateName?: string
  namespace?: string
  uid: string
  resourceVersion: string
  generation?: number
  creationTimestamp: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  finalizers?: string[]
  managedFields?: ManagedFields[]
}

/** An object of the API. Stored objects are shared: copy before a change. */
export type KubeObject = JsonObject & { apiVersion: string; kind: string; metadata: ObjectMeta }

/** What a client sends: metadata's shape has been checked, its system fields may be missing. */
export type DraftObject = JsonObject & { apiVersion: string; kind: string; metadata: Partial<ObjectMeta> }

/** `namespace/name`, or the name alone for cluster-scoped objects: the key within a collection. */
export function storageKey(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`
}

export function keyOf(object: KubeObject): string {
  return storageKey(object.metadata.namespace, object.metadata.name)
}

export function labelsOf(object: KubeObject): Readonly<Record<string, string>> {
  return object.metadata.labels ?? {}
}

export function isDeleting(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined
}

/** The owner that manages the object, of which there is at most one. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true)
}

/** RFC 3339 with whole seconds, as metav1.Time is written. */
export function timestamp(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`
}

/**
 * Whether `value` is an object of the API as far as its own generic parts go (metadata's types); the reason why not
 * otherwise. What a kind's own fields must look like is its strategy's matter.
 */
export function shapeProblem(value: Json): string | undefined {
  if (!isObject(value)) return 'the body is not an object'
  const metadata = value.metadata ?? {}
  if (!isObject(metadata)) return 'metadata is not an object'
  for (const key of ['name', 'generateName', 'namespace', 'uid', 'resourceVersion'] as const) {
    if (!isNullish(metadata[key]) && typeof metadata[key] !== 'string')
      return `metadata.${key} is not a string`
  }
  for (const key of ['labels', 'annotations'] as const) {
    const map = metadata[key]
    if (isNullish(map)) continue
    if (!isObject(map)) return `metadata.${key} is not a map of strings`
    const wrong = Object.entries(map).find(([, member]) => typeof member !== 'string')
    if (wrong !== undefined) return `metadata.${key}[${wrong[0]}] is not a string`
  }
  return listProblem(metadata)
}

function listProblem(metadata: JsonObject): string | undefined {
  const { finalizers, ownerReferences, managedFields } = metadata
  if (!isNullish(finalizers) && !isListOf(finalizers, (member) => typeof member === 'string'))
    return 'metadata.finalizers is not a list of strings'
  if (!isNullish(ownerReferences) && !isListOf(ownerReferences, isOwnerReference))
    return 'metadata.ownerReferences is not a list of references with apiVersion, kind, name and uid'
  if (!isNullish(managedFields) && !isListOf(managedFields, isObject))
    return 'metadata.managedFields is not a list of objects'
  return undefined
}

function isNullish(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

function isListOf(value: Json, check: (member: Json) => boolean): boolean {
  return Array.isArray(value) && value.every(check)
}

function isOwnerReference(value: Json): boolean {
  return (
    isObject(value) &&
    (['apiVersion', 'kind', 'name', 'uid'] as const).every((key) => typeof value[key] === 'string')
  )
}
