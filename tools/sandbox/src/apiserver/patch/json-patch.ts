import jsonPatch from 'fast-json-patch'
import { ApiError, badRequest } from '../errors.ts'
import { clone, isObject, type Json, type JsonObject } from '../json.ts'

const maxOperations = 10_000

/** RFC 6902. An operation that does not apply is the client's error (422), a malformed one a bad request. */
export function applyJsonPatch(target: JsonObject, patch: Json): Json {
  if (!Array.isArray(patch) || !patch.every(isOperation))
    throw badRequest('a JSON patch is a list of operations')
  if (patch.length > maxOperations)
    throw badRequest(
      `the allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`,
    )
  try {
    return jsonPatch.applyPatch(clone(target), patch, true, true, true).newDocument
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    throw new ApiError(422, 'Invalid', {
      message: `the server rejected our request due to an error in our request: ${message}`,
    })
  }
}

function isOperation(value: Json): value is jsonPatch.Operation & JsonObject {
  return isObject(value) && typeof value.op === 'string' && typeof value.path === 'string'
}
