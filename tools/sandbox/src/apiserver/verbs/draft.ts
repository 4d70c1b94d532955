import { checkTypes } from '../codec/type-check.ts'
import { badRequest } from '../errors.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import { type DraftObject, shapeProblem } from '../object.ts'
import { groupVersion, type ResourceType } from '../resources/types.ts'

/**
 * What a client sent, as an object of `type`: a copy, with metadata's shape checked, apiVersion and kind filled in.
 * Members that are null are taken out of built-in kinds, where null is the same as absent.
 */
export function parseDraft(type: ResourceType, body: Json, namespace: string): DraftObject {
  const problem = shapeProblem(body)
  const expected = groupVersion(type)
  if (problem !== undefined || !isObject(body))
    throw badRequest(
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${problem}`,
    )
  const { apiVersion = expected, kind = type.kind } = body
  if (kind !== type.kind || typeof apiVersion !== 'string')
    throw badRequest(
      `the object provided is unrecognized: kind is ${JSON.stringify(kind)}, not "${type.kind}"`,
    )
  if (apiVersion !== expected)
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    )
  const draft = type.schema === undefined ? copied(body) : checked(type, type.schema, body)
  const metadata = isObject(draft.metadata) ? draft.metadata : {}
  if (
    metadata.namespace !== undefined &&
    metadata.namespace !== '' &&
    metadata.namespace !== namespace &&
    type.namespaced
  )
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  if (type.namespaced) metadata.namespace = namespace
  else delete metadata.namespace
  return { ...draft, apiVersion, kind: type.kind, metadata: metadata as DraftObject['metadata'] }
}

/** A built-in kind: a member of the wrong type is refused here, so that nothing behind has to expect it. */
function checked(type: ResourceType, schema: string, body: JsonObject): JsonObject {
  const draft = withoutNulls(body)
  const [mismatch] = checkTypes(schema, draft).mismatches
  if (mismatch !== undefined)
    throw badRequest(
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: cannot unmarshal ${mismatch}`,
    )
  return draft
}

function copied(object: JsonObject): JsonObject {
  return structuredClone(object)
}

/** A copy without the members that are null. Elements of lists are kept. */
function withoutNulls(object: JsonObject): JsonObject {
  const copy: JsonObject = {}
  for (const [key, value] of Object.entries(object)) {
    const kept = clean(value)
    if (kept !== undefined && kept !== null) copy[key] = kept
  }
  return copy
}

function clean(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map((member) => clean(member) ?? null)
  return isObject(value) ? withoutNulls(value) : value
}
