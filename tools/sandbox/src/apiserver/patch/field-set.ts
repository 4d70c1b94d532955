import { isEqual, isObject, type Json, type JsonObject } from '../json.ts'
import { type FieldSchema, fieldSchema, keysOf } from './schema.ts'

/**
 * Sets of fields in the API's own encoding (FieldsV1): `f:name` a member, `k:{...}` the element of a list with these
 * keys, `v:...` a member of a set, `.` the thing itself; an empty object is a leaf.
 */
export type FieldSet = JsonObject

/** Keys that may be left out, with the value that their absence means. */
const keyDefaults: Readonly<Record<string, Json>> = { protocol: 'TCP' }

export function elementKey(element: JsonObject, keys: readonly string[]): string {
  const pairs = keys.map((key) => [key, element[key] ?? keyDefaults[key] ?? null] as const)
  return `k:${JSON.stringify(Object.fromEntries([...pairs].sort(([a], [b]) => (a < b ? -1 : 1))))}`
}

/** Every field that `value` sets. */
export function fieldsOf(value: Json | undefined, schema: FieldSchema): FieldSet {
  const fields: FieldSet = {}
  if (schema.isAtomic === true) return fields
  const keys = keysOf(schema)
  if (isObject(value)) {
    for (const [key, member] of Object.entries(value))
      if (member !== undefined) fields[`f:${key}`] = fieldsOf(member, fieldSchema(schema.type, key))
  } else if (Array.isArray(value) && keys.length > 0) {
    for (const element of value.filter(isObject))
      fields[elementKey(element, keys)] = {
        '.': {},
        ...fieldsOf(element, schema.type === undefined ? {} : { type: schema.type }),
      }
  } else if (Array.isArray(value) && schema.isSet === true) {
    for (const member of value) fields[`v:${JSON.stringify(member)}`] = {}
  }
  return fields
}

export function isEmptySet(fields: FieldSet): boolean {
  return Object.keys(fields).length === 0
}

export function union(left: FieldSet, right: FieldSet): FieldSet {
  const result: FieldSet = { ...left }
  for (const [key, value] of Object.entries(right)) {
    const other = result[key]
    result[key] = isObject(other) && isObject(value) ? union(other, value) : (value ?? {})
  }
  return result
}

/** The leaves of `left` that are not in `right`; inner nodes left without leaves go with them. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  const result: FieldSet = {}
  for (const [key, value] of Object.entries(left)) {
    if (!isObject(value)) continue
    const other = Object.hasOwn(right, key) ? right[key] : undefined
    if (!isObject(other)) result[key] = value
    else if (!isEmptySet(value)) {
      const rest = difference(value, other)
      if (!isEmptySet(rest)) result[key] = rest
    }
  }
  return result
}

/** The leaves that both have; a leaf also meets what the other has below it. */
export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  const result: FieldSet = {}
  for (const [key, value] of Object.entries(left)) {
    const other = Object.hasOwn(right, key) ? right[key] : undefined
    if (!isObject(value) || !isObject(other)) continue
    if (isEmptySet(value) || isEmptySet(other)) result[key] = {}
    else {
      const both = intersection(value, other)
      if (!isEmptySet(both)) result[key] = both
    }
  }
  return result
}

type Step = Readonly<{ value: Json | undefined; schema: FieldSchema }>

/** Where a path element of a set leads to in a value. */
export function follow(key: string, { value, schema }: Step): Step {
  if (key.startsWith('f:')) {
    const name = key.slice(2)
    const member = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
    return { value: member, schema: fieldSchema(schema.type, name) }
  }
  const list = Array.isArray(value) ? value : []
  if (key.startsWith('k:')) {
    const keys = keysOf(schema)
    const element = list.find((candidate) => isObject(candidate) && elementKey(candidate, keys) === key)
    return { value: element, schema: schema.type === undefined ? {} : { type: schema.type } }
  }
  return { value: list.find((member) => `v:${JSON.stringify(member)}` === key), schema: {} }
}

/** The leaves of `fields` where the two values differ. */
export function differing(fields: FieldSet, left: Step, right: Step): FieldSet {
  const result: FieldSet = {}
  for (const [key, below] of Object.entries(fields)) {
    if (key === '.' || !isObject(below)) continue
    const [a, b] = [follow(key, left), follow(key, right)]
    if (isEmptySet(below)) {
      if (!isEqual(a.value, b.value)) result[key] = {}
    } else {
      const inner = differing(below, a, b)
      if (!isEmptySet(inner)) result[key] = inner
    }
  }
  return result
}

/** The leaves as texts: `.spec.containers[name="x"].image`. */
export function pathsOf(fields: FieldSet, prefix = ''): string[] {
  return Object.entries(fields).flatMap(([key, below]) => {
    const path = `${prefix}${pathStep(key)}`
    return !isObject(below) || isEmptySet(below) ? [path] : pathsOf(below, path)
  })
}

function pathStep(key: string): string {
  if (key === '.') return ''
  if (key.startsWith('f:')) return `.${key.slice(2)}`
  if (key.startsWith('v:')) return `[=${key.slice(2)}]`
  const keys: unknown = JSON.parse(key.slice(2))
  const pairs = Object.entries(isObject(keys) ? keys : {}).map(
    ([name, value]) => `${name}=${JSON.stringify(value)}`,
  )
  return `[${pairs.join(',')}]`
}
