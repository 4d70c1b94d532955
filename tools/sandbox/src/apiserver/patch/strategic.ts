import { badRequest } from '../errors.ts'
import { isEqual, isObject, type Json, type JsonObject } from '../json.ts'
import { type FieldSchema, fieldSchema } from './schema.ts'

const deleteListPrefix = '$deleteFromPrimitiveList/'
const orderPrefix = '$setElementOrder/'

/**
 * A strategic merge patch, as `kubectl` computes it for built-in kinds: lists with a merge key are merged element by
 * element, `$patch: delete | replace | merge`, `$retainKeys`, `$deleteFromPrimitiveList/x` and `$setElementOrder/x`
 * direct the rest (k8s.io/apimachinery/pkg/util/strategicpatch). `target` is not changed.
 */
export function strategicMergePatch(target: JsonObject, patch: Json, type: string): JsonObject {
  if (!isObject(patch)) throw badRequest('a strategic merge patch is an object')
  return mergeObject(target, patch, { type })
}

function mergeObject(target: JsonObject, patch: JsonObject, schema: FieldSchema): JsonObject {
  if (patch.$patch === 'replace') return withoutDirectives(patch)
  if (patch.$patch === 'delete') return {}
  const result: JsonObject = { ...target }
  const retained = patch.$retainKeys
  if (Array.isArray(retained))
    for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key]
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$') || value === undefined) continue
    if (value === null) delete result[key]
    else result[key] = mergeValue(result[key], value, fieldSchema(schema.type, key))
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(deleteListPrefix)) removeValues(result, key.slice(deleteListPrefix.length), value)
  }
  for (const [key, value] of Object.entries(patch)) {
    if (!key.startsWith(orderPrefix) || !Array.isArray(value)) continue
    const name = key.slice(orderPrefix.length)
    const list = result[name]
    if (Array.isArray(list))
      result[name] = ordered(list, {
        order: value,
        before: listOf(target[name]),
        mergeKey: fieldSchema(schema.type, name).mergeKey,
      })
  }
  return result
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : []
}

function mergeValue(target: Json | undefined, patch: Json, schema: FieldSchema): Json {
  if (isObject(patch)) return mergeObject(isObject(target) ? target : {}, patch, schema)
  if (!Array.isArray(patch)) return patch
  if (schema.mergeKey !== undefined) return mergeList(listOf(target), patch, schema)
  if (schema.isSet === true) {
    const present = listOf(target)
    const added = patch.filter((value) => !present.some((other) => isEqual(other, value)))
    return ordered([...present, ...added], { order: patch, before: present, mergeKey: undefined })
  }
  return patch.map((value) => (isObject(value) ? withoutDirectives(value) : value))
}

function mergeList(target: readonly Json[], patch: readonly Json[], schema: FieldSchema): Json[] {
  const { mergeKey = '' } = schema
  const replaces = patch.some((element) => isObject(element) && element.$patch === 'replace')
  let result: Json[] = replaces ? [] : [...target]
  for (const element of patch) {
    if (!isObject(element)) throw badRequest(`a list that is merged by ${mergeKey} has objects as elements`)
    const key = element[mergeKey]
    if (element.$patch === 'replace') continue
    if (key === undefined)
      throw badRequest(
        `map: ${JSON.stringify(element).slice(0, 200)} does not contain declared merge key: ${mergeKey}`,
      )
    if (element.$patch === 'delete') {
      result = result.filter((other) => !(isObject(other) && isEqual(other[mergeKey], key)))
      continue
    }
    const index = result.findIndex((other) => isObject(other) && isEqual(other[mergeKey], key))
    const found = result[index]
    const merged = mergeObject(isObject(found) ? found : {}, element, schema)
    if (index < 0) result.push(merged)
    else result[index] = merged
  }
  const order = patch.filter((element) => isObject(element) && element.$patch === undefined)
  return ordered(result, { order, before: target, mergeKey })
}

function removeValues(result: JsonObject, name: string, values: Json | undefined): void {
  const list = result[name]
  if (!Array.isArray(list) || !Array.isArray(values)) return
  result[name] = list.filter((member) => !values.some((value) => isEqual(value, member)))
}

type Order = Readonly<{ order: readonly Json[]; before: readonly Json[]; mergeKey: string | undefined }>

/**
 * The list with the elements that `order` names in that order, and those that only the server has in the order that
 * they had before. Where both have a place in the list as it was, that place decides between them; otherwise the named
 * ones come first.
 */
function ordered(list: readonly Json[], { order, before, mergeKey }: Order): Json[] {
  const keyOf = (element: Json): string => {
    const key = mergeKey !== undefined && isObject(element) ? element[mergeKey] : element
    return JSON.stringify(key ?? null)
  }
  const ranks = new Map(order.map((element, i) => [keyOf(element), i]))
  const places = new Map(before.map((element, i) => [keyOf(element), i]))
  const by = (rank: ReadonlyMap<string, number>) => (a: Json, b: Json) =>
    (rank.get(keyOf(a)) ?? 0) - (rank.get(keyOf(b)) ?? 0)
  const named = list.filter((element) => ranks.has(keyOf(element))).sort(by(ranks))
  const serverOnly = list.filter((element) => !ranks.has(keyOf(element))).sort(by(places))
  const result: Json[] = []
  for (const element of named) {
    const place = places.get(keyOf(element))
    while (
      serverOnly[0] !== undefined &&
      place !== undefined &&
      (places.get(keyOf(serverOnly[0])) ?? place) < place
    )
      result.push(serverOnly.shift() ?? null)
    result.push(element)
  }
  return [...result, ...serverOnly]
}

function withoutDirectives(value: JsonObject): JsonObject {
  const copy: JsonObject = {}
  for (const [key, member] of Object.entries(value)) {
    if (key.startsWith('$')) continue
    if (member === null || member === undefined) continue
    copy[key] = isObject(member)
      ? withoutDirectives(member)
      : Array.isArray(member)
        ? member.map((element) => (isObject(element) ? withoutDirectives(element) : element))
        : member
  }
  return copy
}
