/** Values as JSON has them. `undefined` members are absent members: they are never written out. */
export type Json = string | number | boolean | null | Json[] | JsonObject
export type JsonObject = { [key: string]: Json | undefined }

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The member at `path`, or undefined where the value has another shape. Only own members count. */
export function at(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  let current = value
  for (const step of path) {
    if (Array.isArray(current)) current = typeof step === 'number' ? current[step] : undefined
    else if (isObject(current) && Object.hasOwn(current, step)) current = current[step]
    else return undefined
  }
  return current
}

/** The object at `path`; an empty one where there is none. Not attached to the value. */
export function objectAt(value: Json | undefined, ...path: readonly (string | number)[]): JsonObject {
  const found = at(value, ...path)
  return isObject(found) ? found : {}
}

/** The objects of the list at `path`; members that are no objects are left out. */
export function objectsAt(value: Json | undefined, ...path: readonly (string | number)[]): JsonObject[] {
  const found = at(value, ...path)
  return Array.isArray(found) ? found.filter(isObject) : []
}

export function stringsAt(value: Json | undefined, ...path: readonly (string | number)[]): string[] {
  const found = at(value, ...path)
  return Array.isArray(found) ? found.filter((member) => typeof member === 'string') : []
}

/** The text at `path`; empty where there is none. */
export function textAt(value: Json | undefined, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path)
  return typeof found === 'string' ? found : ''
}

export function numberAt(value: Json | undefined, ...path: readonly (string | number)[]): number | undefined {
  const found = at(value, ...path)
  return typeof found === 'number' ? found : undefined
}

/** The string members of the object at `path`: labels, annotations, selectors. */
export function stringMapAt(
  value: Json | undefined,
  ...path: readonly (string | number)[]
): Record<string, string> {
  const entries = Object.entries(objectAt(value, ...path))
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

/** A deep copy: what is stored is shared by readers and never changed in place. */
export function clone<T extends Json | undefined>(value: T): T
export function clone(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map((member) => clone(member))
  if (!isObject(value)) return value
  const copy: JsonObject = {}
  for (const [key, member] of Object.entries(value)) if (member !== undefined) copy[key] = clone(member)
  return copy
}

/** Deep equality; members that are undefined count as absent, the order of members does not count. */
export function isEqual(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false
    return left.every((member, i) => isEqual(member, right[i]))
  }
  if (!isObject(left) || !isObject(right)) return false
  const keys = Object.keys(left).filter((key) => left[key] !== undefined)
  const others = Object.keys(right).filter((key) => right[key] !== undefined)
  return (
    keys.length === others.length &&
    keys.every((key) => Object.hasOwn(right, key) && isEqual(left[key], right[key]))
  )
}

/** The object member `key` of `parent`, made when it is missing or null. Other values are left alone. */
export function ensureObject(parent: JsonObject, key: string): JsonObject {
  const found = parent[key]
  if (isObject(found)) return found
  const made: JsonObject = {}
  if (found === undefined || found === null) parent[key] = made
  return made
}

/** Sets `key` when it is absent, null or, for texts, empty: how the API's defaulting treats a field. */
export function setDefault(parent: JsonObject, key: string, value: Json): void {
  const found = parent[key]
  if (found === undefined || found === null || (found === '' && typeof value === 'string'))
    parent[key] = value
}
