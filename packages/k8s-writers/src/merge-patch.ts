import { isDeepStrictEqual } from 'node:util'

type Json = Readonly<Record<string, unknown>>

/** The merge patch (RFC 7386) that turns `before` into `after`; undefined when they are equal. */
export function mergePatch(before: Json, after: Json): Json | undefined {
  const changes: Record<string, unknown> = {}
  for (const [key, wanted] of Object.entries(after)) {
    const have = Object.hasOwn(before, key) ? before[key] : undefined
    const change = isObject(have) && isObject(wanted) ? mergePatch(have, wanted) : wanted
    const isSame = isObject(have) && isObject(wanted) ? change === undefined : isDeepStrictEqual(have, wanted)
    if (!isSame) changes[key] = change
  }
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) changes[key] = null
  return Object.keys(changes).length === 0 ? undefined : changes
}

/** Whether `stored` says all that `wanted` says. It may say more: somebody else's part. */
export function includesAll(stored: unknown, wanted: unknown): boolean {
  if (!isObject(wanted)) return isDeepStrictEqual(stored, wanted)
  if (!isObject(stored)) return false
  return Object.entries(wanted).every(([key, value]) => includesAll(stored[key], value))
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
