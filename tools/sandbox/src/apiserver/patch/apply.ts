import { isEqual, isObject, type Json, type JsonObject } from '../json.ts'
import { elementKey, type FieldSet, follow, isEmptySet } from './field-set.ts'
import { type FieldSchema, fieldSchema, keysOf } from './schema.ts'

/** `live` with every field that `applied` sets; lists with keys are merged by them. Neither is changed. */
export function mergeApplied(live: Json | undefined, applied: Json, schema: FieldSchema): Json {
  if (schema.isAtomic === true) return applied
  if (isObject(applied)) {
    const result: JsonObject = isObject(live) ? { ...live } : {}
    for (const [key, value] of Object.entries(applied)) {
      if (value === undefined) continue
      if (value === null) delete result[key]
      else result[key] = mergeApplied(result[key], value, fieldSchema(schema.type, key))
    }
    return result
  }
  if (!Array.isArray(applied)) return applied
  const present = Array.isArray(live) ? live : []
  const keys = keysOf(schema)
  if (keys.length > 0) return mergeElements(present, applied, schema)
  if (schema.isSet !== true) return applied
  return [...present, ...applied.filter((value) => !present.some((other) => isEqual(other, value)))]
}

function mergeElements(present: readonly Json[], applied: readonly Json[], schema: FieldSchema): Json[] {
  const keys = keysOf(schema)
  const result = [...present]
  const elementSchema = schema.type === undefined ? {} : { type: schema.type }
  for (const element of applied.filter(isObject)) {
    const key = elementKey(element, keys)
    const index = result.findIndex((other) => isObject(other) && elementKey(other, keys) === key)
    const merged = mergeApplied(result[index], element, elementSchema)
    if (index < 0) result.push(merged)
    else result[index] = merged
  }
  return result
}

/** `value` without the leaves of `fields`; objects and lists that become empty by it go too. */
export function withoutFields(value: Json, fields: FieldSet, schema: FieldSchema): Json | undefined {
  if (isObject(value)) {
    const result: JsonObject = { ...value }
    for (const [key, below] of Object.entries(fields)) {
      if (!key.startsWith('f:') || !isObject(below)) continue
      const name = key.slice(2)
      const inner = follow(key, { value, schema })
      if (inner.value === undefined) continue
      const rest = isEmptySet(below) ? undefined : withoutFields(inner.value, below, inner.schema)
      if (rest === undefined) delete result[name]
      else result[name] = rest
    }
    return Object.keys(result).length === 0 ? undefined : result
  }
  if (!Array.isArray(value)) return value
  const keys = keysOf(schema)
  const result = value.flatMap((element): Json[] => {
    const key =
      keys.length > 0 && isObject(element) ? elementKey(element, keys) : `v:${JSON.stringify(element)}`
    const below = fields[key]
    if (!isObject(below)) return [element]
    if (isEmptySet(below) || Object.hasOwn(below, '.')) return []
    const rest = withoutFields(element, below, schema.type === undefined ? {} : { type: schema.type })
    return rest === undefined ? [] : [rest]
  })
  return result.length === 0 ? undefined : result
}
