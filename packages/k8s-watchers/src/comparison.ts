import { K8sApiError } from '@axoneme/k8s-client'
import { sleep } from '@axoneme/lifecycle'
import { isExpired } from '@axoneme/slim-types'
import type { ResourceSource } from './source.ts'
import { isAtLeast } from './versions.ts'

/** What is known of a collection, to be compared with the collection itself. */
export type Mirror = {
  /** The version that it is of; undefined while that is not known. */
  readonly resourceVersion: string | undefined
  /** How many objects exist at that version. */
  readonly size: number
  /** Grows with every event and every list. */
  readonly changeCount: number
  has(key: string): boolean
  keys(): Iterable<string>
}

/** `unknown`: the server did not say what a comparison needs, or said it of another moment. */
export type Comparison = Readonly<{
  outcome: 'equal' | 'differs' | 'unknown'
  /** How many objects are known, and how many there are as far as the server told. */
  known: number
  source?: number
  /** Some of the keys that only the source has, and that only we have; where keys were compared. */
  missing?: readonly string[]
  stale?: readonly string[]
}>

type ComparisonParts = Readonly<{
  source: ResourceSource
  mirror: Mirror
  /** How long events that are under way may take. */
  settleMs: number
  signal: AbortSignal
}>

/**
 * Compares what is known of a collection with the collection, as cheaply as the server can answer. A whole collection
 * by the number of its objects at the very version that is known: one object is read and the others are counted. A
 * selection, which no server counts, by the keys of its objects. Rejects when the server does not answer.
 */
export function compareWithSource(parts: ComparisonParts): Promise<Comparison> {
  return parts.source.isSelective ? compareKeys(parts) : compareCounts(parts)
}

async function compareCounts(parts: ComparisonParts): Promise<Comparison> {
  const { source, mirror, signal } = parts
  const { resourceVersion, size } = mirror
  if (resourceVersion === undefined) return { outcome: 'unknown', known: size }
  const query = { limit: 1, resourceVersion, resourceVersionMatch: 'Exact' }
  try {
    return byCount(size, countOf(await source.metadata({ query, signal })))
  } catch (error) {
    if (!isVersionRefused(error)) throw error
    return compareLatestCounts(parts)
  }
}

/** The version is forgotten already, or the server is one that has not got there. */
function isVersionRefused(error: unknown): boolean {
  if (!(error instanceof K8sApiError)) return false
  return error.status === 504 || isExpired({ code: error.status, reason: error.reason })
}

/** With the collection of now. Only where nothing happens for a while can the two be told to differ. */
async function compareLatestCounts({
  source,
  mirror,
  settleMs,
  signal,
}: ComparisonParts): Promise<Comparison> {
  const { changeCount, resourceVersion = '' } = mirror
  const latest = () => source.metadata({ query: { limit: 1 }, signal })
  const first = await latest()
  // The server was set back, as by a restore from a backup: nothing that is known can be trusted.
  if (isAtLeast(first.resourceVersion, resourceVersion) === false)
    return { outcome: 'differs', known: mirror.size, ...sourceSize(countOf(first)) }
  if (countOf(first) !== mirror.size) await sleep(settleMs, { signal })
  const second = countOf(first) === mirror.size ? first : await latest()
  const comparison = byCount(mirror.size, countOf(second))
  return mirror.changeCount === changeCount ? comparison : { ...comparison, outcome: 'unknown' }
}

function countOf({ items, remaining }: { items: readonly unknown[]; remaining: number | undefined }) {
  return remaining === undefined ? undefined : items.length + remaining
}

function byCount(known: number, source: number | undefined): Comparison {
  if (source === undefined) return { outcome: 'unknown', known }
  return { outcome: known === source ? 'equal' : 'differs', known, source }
}

function sourceSize(source: number | undefined): { source?: number } {
  return source === undefined ? {} : { source }
}

/** With a list from the server's memory, which is of our version or later. */
async function compareKeys({ source, mirror, settleMs, signal }: ComparisonParts): Promise<Comparison> {
  const { resourceVersion } = mirror
  if (resourceVersion === undefined) return { outcome: 'unknown', known: mirror.size }
  const knownKeys = new Set(mirror.keys())
  const query = { resourceVersion, resourceVersionMatch: 'NotOlderThan' }
  const { items } = await source.metadata({ query, signal })
  const listed = new Map(items.map((item) => [item.key, String(item.resourceVersion)]))
  const isUnlisted = (key: string) => mirror.has(key) && !listed.has(key)
  const isUnknown = ([key, version]: [string, string]) =>
    !knownKeys.has(key) && !mirror.has(key) && isAtLeast(resourceVersion, version) === true
  const missing = [...listed].filter(isUnknown).map(([key]) => key)
  // What is not listed may have gone after our version: then its event is under way.
  if (missing.length === 0 && [...knownKeys].some(isUnlisted)) await sleep(settleMs, { signal })
  const stale = [...knownKeys].filter(isUnlisted)
  const outcome = missing.length + stale.length === 0 ? 'equal' : 'differs'
  return { outcome, known: knownKeys.size, source: listed.size, missing, stale }
}
