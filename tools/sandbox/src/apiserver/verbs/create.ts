import { ApiError, alreadyExists, badRequest, invalid, notFound } from '../errors.ts'
import { type Json, textAt } from '../json.ts'
import { isDeleting, type KubeObject, keyOf, type ManagedFields, timestamp } from '../object.ts'
import type { ResourceType } from '../resources/types.ts'
import { collectionOf, toServed, toStored, type VerbContext } from './context.ts'
import { parseDraft } from './draft.ts'
import { generatedName, metadataProblems } from './names.ts'

export type CreateRequest = Readonly<{
  namespace: string
  /** As sent in the URL or implied by an apply; the body's name otherwise. */
  name?: string
  body: Json
  dryRun?: boolean
  managedFields?: readonly ManagedFields[]
}>

/** Stores a new object. Throws ApiError: 400 malformed, 404 no such namespace, 409 exists, 422 invalid. */
export function createObject(context: VerbContext, type: ResourceType, request: CreateRequest): KubeObject {
  const object = toStored(type, newObject(context, type, request))
  if (type.answer !== undefined) return toServed(type, type.answer(object))
  if (type.namespaced) requireNamespace(context, type, object)
  const collection = collectionOf(context, type)
  if (collection.get(keyOf(object)) !== undefined) throw alreadyExists(type, object.metadata.name)
  if (type.hasStatus && type.kind !== 'Node') delete object.status
  type.strategy.defaults?.(object)
  type.strategy.prepareCreate?.(object)
  checkValid(type, object, undefined)
  if (request.dryRun === true) return toServed(type, object)
  type.strategy.allocate?.(object, undefined)
  return toServed(type, collection.put(object))
}

export function checkValid(type: ResourceType, object: KubeObject, old: KubeObject | undefined): void {
  const problems = [
    ...metadataProblems(object, type.nameRule),
    ...(type.strategy.validate?.(object, old) ?? []),
  ]
  if (problems.length > 0) throw invalid(type, object.metadata.name, problems)
}

function newObject(context: VerbContext, type: ResourceType, request: CreateRequest): KubeObject {
  const draft = parseDraft(type, request.body, request.namespace)
  const given = draft.metadata
  if (given.resourceVersion !== undefined && given.resourceVersion !== '' && type.answer === undefined)
    throw badRequest('resourceVersion should not be set on objects to be created')
  if (
    request.name !== undefined &&
    given.name !== undefined &&
    given.name !== '' &&
    given.name !== request.name
  )
    throw badRequest(
      `the name of the object (${given.name}) does not match the name on the URL (${request.name})`,
    )
  const { generateName = '' } = given
  const asked = request.name ?? given.name ?? ''
  return {
    ...draft,
    metadata: {
      name: asked === '' && generateName !== '' ? generatedName(generateName, context.random) : asked,
      ...(generateName === '' ? {} : { generateName }),
      ...(given.namespace === undefined ? {} : { namespace: given.namespace }),
      uid: context.newUid(),
      resourceVersion: '',
      ...(type.hasGeneration ? { generation: 1 } : {}),
      creationTimestamp: timestamp(context.now()),
      ...(given.labels === undefined ? {} : { labels: given.labels }),
      ...(given.annotations === undefined ? {} : { annotations: given.annotations }),
      ...(given.ownerReferences === undefined ? {} : { ownerReferences: given.ownerReferences }),
      ...(given.finalizers === undefined ? {} : { finalizers: given.finalizers }),
      ...(request.managedFields === undefined ? {} : { managedFields: [...request.managedFields] }),
    },
  }
}

function requireNamespace(context: VerbContext, type: ResourceType, object: KubeObject): void {
  const name = object.metadata.namespace ?? ''
  const namespaces = context.registry.mustFind('', 'v1', 'namespaces')
  const namespace = collectionOf(context, namespaces).get(name)
  if (namespace === undefined) throw notFound(namespaces, name)
  if (!isDeleting(namespace) && textAt(namespace, 'status', 'phase') !== 'Terminating') return
  const subject = type.group === '' ? type.plural : `${type.plural}.${type.group}`
  const why = `unable to create new content in namespace ${name} because it is being terminated`
  throw new ApiError(403, 'Forbidden', {
    message: `${subject} "${object.metadata.name}" is forbidden: ${why}`,
    details: {
      name: object.metadata.name,
      kind: type.plural,
      causes: [{ reason: 'NamespaceTerminating', message: why, field: 'metadata.namespace' }],
    },
  })
}
