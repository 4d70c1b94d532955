import { DecodeError, quoted } from './errors.ts'

// Reading parsed JSON that may be anything. A field that is absent or null is the zero value of its type, as in the
// Kubernetes API; a field of another type is a DecodeError that names it.

export type JsonObject = Readonly<Record<string, unknown>>

export function asObject(value: unknown, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DecodeError(`${what} is not an object`)
  }
  return value as JsonObject
}

export function objectAt(parent: JsonObject, field: string): JsonObject | undefined {
  const value = parent[field]
  return value === undefined || value === null ? undefined : asObject(value, field)
}

export function textAt(parent: JsonObject, field: string): string {
  const value = parent[field]
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw new DecodeError(`${field} is not a string`)
  return value
}

/** A whole number of 32 bits. */
export function integerAt(parent: JsonObject, field: string): number {
  const value = parent[field]
  if (value === undefined || value === null) return 0
  if (typeof value !== 'number' || (value | 0) !== value) {
    throw new DecodeError(`${field} is not a 32-bit integer`)
  }
  // Not -0.
  return value | 0
}

/** Undefined when absent: some flags default to true. */
export function flagAt(parent: JsonObject, field: string): boolean | undefined {
  const value = parent[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'boolean') throw new DecodeError(`${field} is not a boolean`)
  return value
}

export function listAt(parent: JsonObject, field: string): readonly unknown[] {
  const value = parent[field]
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new DecodeError(`${field} is not a list`)
  return value
}

export function objectsAt(parent: JsonObject, field: string): JsonObject[] {
  return listAt(parent, field).map((value) => asObject(value, `an element of ${field}`))
}

export function textsAt(parent: JsonObject, field: string): string[] {
  return listAt(parent, field).map((value) => {
    if (typeof value !== 'string') throw new DecodeError(`an element of ${field} is not a string`)
    return value
  })
}

/** The entries of a `map<string, string>`. */
export function textMapAt(parent: JsonObject, field: string): Map<string, string> {
  const entries = new Map<string, string>()
  for (const [key, value] of Object.entries(objectAt(parent, field) ?? {})) {
    if (typeof value !== 'string') throw new DecodeError(`${field}[${quoted(key)}] is not a string`)
    entries.set(key, value)
  }
  return entries
}
