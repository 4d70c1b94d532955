import { DecodeError } from './errors.ts'
import type { Labels } from './types.ts'

/** One copy of "none" for all rows. */
export const none: readonly never[] = Object.freeze([])
export const noLabels: Labels = Object.freeze({})

/** A list as a row keeps it: a copy, since a list that grew has room for more. */
export function listOf<T>(values: readonly T[]): readonly T[] {
  return values.length === 0 ? none : values.slice()
}

/** A map as a row keeps it. Keys that JavaScript gives a meaning of its own are refused. */
export function labelsOf(entries: ReadonlyMap<string, string>): Labels {
  if (entries.size === 0) return noLabels
  const labels: Record<string, string> = {}
  for (const [key, value] of entries) {
    // Not a valid label key in Kubernetes either: those begin and end with a letter or digit.
    if (key === '__proto__') throw new DecodeError('__proto__ is not a valid label key')
    labels[key] = value
  }
  return labels
}

/** 0 means "not given". */
export function portNumber(value: number): number {
  if (value < 0 || value > 65535) throw new DecodeError(`${value} is not a port number`)
  return value
}
