import type { ReflectorStatus } from './reflector.ts'

type MutableStatus = {
  -readonly [K in Exclude<keyof ReflectorStatus, 'resourceVersion' | 'selfChecks'>]: ReflectorStatus[K]
} & { readonly selfChecks: { -readonly [K in keyof ReflectorStatus['selfChecks']]: number } }

/** What a reflector counts while it runs. */
export function newStatus(resource: string): MutableStatus {
  return {
    resource,
    phase: 'listing',
    lastEventMs: 0,
    lists: 0,
    watches: 0,
    needed: 0,
    notNeeded: 0,
    invalid: 0,
    selfChecks: { equal: 0, differs: 0, unknown: 0 },
    error: undefined,
  }
}
