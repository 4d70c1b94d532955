import type { Period } from '@axoneme/backoff'
import { clusterIdentityRange, type IdentityId } from '@axoneme/identity'
import type { KvEntry } from '@axoneme/kvstore'
import { isClusterIdentity } from './identity-keys.ts'
import { parseIdentity } from './identity-table.ts'
import { identityPaths } from './paths.ts'

// What the garbage collection of identities decides.

/** What one pass leaves for the next one. */
export type GcMemory = Readonly<{
  /** Identities without users, and the revision at which they were so. */
  unused: ReadonlyMap<IdentityId, number>
  /** The newest master key. */
  revision: number
  atMs: number
}>

export type GcPlan = Readonly<{
  checked: number
  /** Master keys of this cluster's number space, in use or not. */
  allocated: number
  unused: Map<IdentityId, number>
  /** Unused in the pass before already, and not written since. */
  removable: readonly Readonly<{ id: IdentityId; entry: KvEntry }>[]
  /** Master keys that were written after the pass before. */
  created: number
  revision: number
}>

/**
 * `masters` must have been read before `users`: who takes an identity into use in between is seen. Whatever is not
 * understood is left alone.
 */
export function planCollection(
  { masters, users }: { masters: readonly KvEntry[]; users: readonly KvEntry[] },
  before: GcMemory | undefined,
): GcPlan {
  const used = new Set<string>()
  for (const { key } of users) {
    used.add(key.slice(identityPaths.valuePrefix.length, key.lastIndexOf('/')))
  }
  const unused = new Map<IdentityId, number>()
  const removable: { id: IdentityId; entry: KvEntry }[] = []
  let checked = 0
  let allocated = 0
  let created = 0
  let revision = before?.revision ?? 0
  for (const entry of masters) {
    const parsed = parseIdentity(entry.key.slice(identityPaths.idPrefix.length), entry.value)
    if (!('row' in parsed)) continue
    checked++
    const { id } = parsed.row
    if (isClusterIdentity(id)) allocated++
    if (before !== undefined && entry.modRevision > before.revision) created++
    revision = Math.max(revision, entry.modRevision)
    if (used.has(entry.value)) continue
    if (before?.unused.get(id) === entry.modRevision) removable.push({ id, entry })
    else unused.set(id, entry.modRevision)
  }
  return { checked, allocated, unused, removable, created, revision }
}

/** Removals each second: as many as configured, and never fewer than twice what is created. */
export function removalsPerSecond(configured: number, creationsPerSecond: number): number {
  // Others are created while these are removed.
  return Math.max(configured, 2 * creationsPerSecond)
}

/** How fast identities were created between two passes; 0 without a pass before. */
export function creationsPerSecond(
  plan: GcPlan,
  { before, atMs }: { before: GcMemory | undefined; atMs: number },
) {
  return before === undefined || atMs <= before.atMs ? 0 : (plan.created * 1000) / (atMs - before.atMs)
}

/**
 * The period until the next pass. A number waits two passes for its removal, so passes come sooner when numbers are
 * created so fast that they would run out meanwhile: down to a tenth of the period. The first pass, which knows
 * nothing yet, comes after that time.
 */
export function passPeriod(
  period: Period,
  known: { allocated: number; creationsPerSecond: number } | undefined,
): Period {
  const leastMs = period.baseMs / 10
  if (known === undefined) return { ...period, baseMs: leastMs }
  // A quarter of what is free: two passes, and as much again for what is slower than expected.
  const quarterMs = ((identityCount - known.allocated) * 1000) / (4 * known.creationsPerSecond)
  return { ...period, baseMs: Math.min(period.baseMs, Math.max(leastMs, quarterMs)) }
}

const identityCount = clusterIdentityRange.max - clusterIdentityRange.min + 1

export function identityUsageRatio(allocated: number): number {
  return allocated / identityCount
}
