import type { Interner } from './interner.ts'

/**
 * Which parts of a JSON value are wanted; the others are checked, but nothing is made of them. A value that is of
 * another kind than its shape is read as a whole: to refuse it is up to who asked.
 */
export type JsonShape =
  /** Everything. */
  | Readonly<{ of: 'any' }>
  /** Everything; a string in one copy with those that are equal. */
  | Readonly<{ of: 'shared-text'; interner: Interner }>
  | Readonly<{ of: 'object'; fields: JsonFields }>
  | Readonly<{ of: 'list'; element: JsonShape }>
  /** An object with keys of any name, shared as its strings are. */
  | Readonly<{ of: 'map'; interner: Interner }>

export type JsonField = Readonly<{ name: string; shape: JsonShape }>

/** Fields by the length of their names: a key has few to be compared with. Names are ASCII. */
export type JsonFields = readonly (readonly JsonField[] | undefined)[]

export const anyJson: JsonShape = Object.freeze({ of: 'any' })

export function sharedText(interner: Interner): JsonShape {
  return { of: 'shared-text', interner }
}

/** Of string values; others are kept as they are. */
export function sharedMap(interner: Interner): JsonShape {
  return { of: 'map', interner }
}

export function listShape(element: JsonShape): JsonShape {
  return { of: 'list', element }
}

export function objectShape(shapes: Shapes): JsonShape {
  const fields: JsonField[][] = []
  for (const [name, shape] of Object.entries(shapes)) {
    const sameLength = fields[name.length] ?? []
    sameLength.push({ name, shape })
    fields[name.length] = sameLength
  }
  return { of: 'object', fields }
}

type Shapes = Readonly<Record<string, JsonShape>>

/** An object of the API: its kind and identity, and what else is wanted of it and of its metadata. */
export function resourceShape(fields: Shapes, metadata: Shapes = {}): JsonShape {
  const identity = { name: anyJson, namespace: anyJson, resourceVersion: anyJson }
  return objectShape({ kind: anyJson, metadata: objectShape({ ...identity, ...metadata }), ...fields })
}
