import { badRequest, conflict, invalid, notFound } from '../errors.ts'
import { clone, isEqual, type Json, type JsonObject } from '../json.ts'
import {
  isDeleting,
  type KubeObject,
  keyOf,
  type ManagedFields,
  type ObjectMeta,
  storageKey,
} from '../object.ts'
import type { ResourceType } from '../resources/types.ts'
import { wrong } from '../strategies/problems.ts'
import { collectionOf, type Target, toServed, toStored, type VerbContext } from './context.ts'
import { checkValid } from './create.ts'
import { parseDraft } from './draft.ts'
import { isReleased } from './remove.ts'

export type UpdateRequest = Target &
  Readonly<{
    body: Json
    subresource?: 'status'
    dryRun?: boolean
    /** What the object's managedFields become; by default they stay. */
    managedFields?: (next: KubeObject, old: KubeObject) => readonly ManagedFields[] | undefined
    /** A replacement must name the version it replaces where the kind demands that; a patch need not. */
    isPatch?: boolean
  }>

export function getObject(context: VerbContext, type: ResourceType, target: Target): KubeObject {
  return toServed(type, getStored(context, type, target))
}

export function getStored(context: VerbContext, type: ResourceType, target: Target): KubeObject {
  const found = collectionOf(context, type).get(storageKey(target.namespace, target.name))
  if (found === undefined) throw notFound(type, target.name)
  return found
}

/**
 * Replaces an object, or its status. What clients may not change is kept; a change of nothing stores nothing. Throws
 * ApiError: 400, 404, 409 when the body names another resourceVersion or uid, 422.
 */
export function updateObject(context: VerbContext, type: ResourceType, request: UpdateRequest): KubeObject {
  const old = getStored(context, type, request)
  const body = sentObject(type, request, old)
  const next = request.subresource === 'status' ? withStatusOf(type, old, body) : withSpecOf(type, old, body)
  if (request.subresource === undefined) {
    type.strategy.defaults?.(next)
    type.strategy.prepareUpdate?.(next, old)
    if (type.hasGeneration && !isEqual(desired(next), desired(old)))
      next.metadata.generation = (old.metadata.generation ?? 0) + 1
    checkValid(type, next, old)
  }
  const managed = request.managedFields?.(next, old)
  if (managed !== undefined) next.metadata.managedFields = [...managed]
  if (isEqual(next, old)) return toServed(type, old)
  if (request.dryRun === true) return toServed(type, next)
  if (request.subresource === undefined) type.strategy.allocate?.(next, old)
  return toServed(type, storeUpdated(context, type, next))
}

/** Stores the object, and removes it when deletion was asked for and nothing holds it any more. */
export function storeUpdated(context: VerbContext, type: ResourceType, next: KubeObject): KubeObject {
  const collection = collectionOf(context, type)
  const stored = collection.put(next)
  if (!isDeleting(stored) || !isReleased(type, stored)) return stored
  const removed = collection.remove(keyOf(stored)) ?? stored
  type.strategy.removed?.(removed)
  return removed
}

/** The body in its stored form, with the client's part of metadata and the server's own. */
function sentObject(type: ResourceType, request: UpdateRequest, old: KubeObject): KubeObject {
  const draft = parseDraft(type, request.body, request.namespace)
  const { name = request.name, uid = '', resourceVersion = '' } = draft.metadata
  if (name !== request.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${request.name})`)
  if (uid !== '' && uid !== old.metadata.uid)
    throw conflict(
      type,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    )
  if (resourceVersion !== '' && resourceVersion !== old.metadata.resourceVersion) throw conflict(type, name)
  if (resourceVersion === '' && type.schema === undefined && request.isPatch !== true)
    throw invalid(type, name, [wrong('metadata.resourceVersion', 0, 'must be specified for an update')])
  const { labels: _l, annotations: _a, ownerReferences: _o, finalizers: _f, ...system } = old.metadata
  const { labels, annotations, ownerReferences, finalizers, managedFields } = draft.metadata
  const metadata: ObjectMeta = {
    ...system,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(isPresent(ownerReferences) ? { ownerReferences } : {}),
    ...(isPresent(finalizers) ? { finalizers } : {}),
    ...(managedFields === undefined ? {} : { managedFields }),
  }
  return toStored(type, { ...draft, metadata })
}

function isPresent<T>(list: readonly T[] | undefined): boolean {
  return list !== undefined && list.length > 0
}

function withSpecOf(type: ResourceType, old: KubeObject, sent: KubeObject): KubeObject {
  if (!type.hasStatus) return sent
  const { status: _status, ...next } = sent
  return old.status === undefined
    ? { ...next, apiVersion: sent.apiVersion, kind: sent.kind, metadata: sent.metadata }
    : { ...sent, status: clone(old.status) }
}

function withStatusOf(type: ResourceType, old: KubeObject, body: KubeObject): KubeObject {
  const next: KubeObject = { ...old, metadata: { ...old.metadata } }
  if (body.status === undefined) delete next.status
  else next.status = body.status
  // Status writers of built-in kinds may annotate; of custom resources only the status counts.
  if (type.schema !== undefined) {
    if (body.metadata.labels !== undefined) next.metadata.labels = body.metadata.labels
    if (body.metadata.annotations !== undefined) next.metadata.annotations = body.metadata.annotations
  }
  return next
}

function desired(object: KubeObject): JsonObject {
  const { metadata: _metadata, status: _status, ...rest } = object
  return rest
}
