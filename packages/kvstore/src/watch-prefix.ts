import { nextDelayMs, type RetryPolicy } from '@axoneme/backoff'
import { describeError, isRetryable, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { hasCode } from './errors.ts'
import { type Listing, listAtOneRevision } from './listing.ts'
import type { KvTransport, WatchChange } from './transport.ts'
import type { KvEvent } from './types.ts'

const retryPolicy: RetryPolicy = { minMs: 50, maxMs: 5_000 }
/** An error that a retry does not help, such as denied access, may still be repaired by somebody. */
const hopelessPolicy: RetryPolicy = { minMs: 2_000, maxMs: 60_000 }

/**
 * The contract of `Kvstore.watchPrefix` over a transport. Memory: the key and revision of each entry, from which the
 * difference is made when history was lost.
 */
export async function* watchPrefix({
  transport,
  prefix,
  signal,
  log,
  random,
}: {
  transport: KvTransport
  prefix: string
  signal: AbortSignal
  log: Logger
  random: () => number
}): AsyncGenerator<KvEvent, void, undefined> {
  const known = new Map<string, number>()
  let position: { revision: number; historyId: string } | undefined
  let synced = false
  let failures = 0
  let delayMs = 0
  while (!signal.aborted) {
    const startedMs = performance.now()
    try {
      if (position === undefined) {
        const listing = await listAtOneRevision(transport, { prefix, signal })
        position = { revision: listing.revision, historyId: listing.historyId }
        yield* differenceEvents(known, listing)
        if (!synced) yield { kind: 'synced' }
        synced = true
      }
      const { revision, historyId } = position
      for await (const batch of transport.watch({ prefix, fromRevision: revision + 1, historyId, signal })) {
        failures = 0
        for (const change of batch.changes) {
          const event = applyChange(known, change)
          if (event !== undefined) yield event
        }
        if (batch.completeRevision !== undefined) position = { revision: batch.completeRevision, historyId }
      }
    } catch (error) {
      if (signal.aborted) return
      if (hasCode(error, 'KVSTORE_CLOSED')) throw error
      // A quiet watch that held for a while is no failure after failure.
      if (performance.now() - startedMs > retryPolicy.maxMs) failures = 0
      // An answer that is too large will be too large again; a listing reads smaller pages.
      if (hasCode(error, 'KVSTORE_COMPACTED') || hasCode(error, 'KVSTORE_EXHAUSTED')) {
        log.info('watch lost history, listing again', { prefix })
        position = undefined
      } else if (failures === 0) {
        log.warn('watch interrupted', { prefix, error: describeError(error) })
      }
      failures++
      const policy = isRetryable(error) ? retryPolicy : hopelessPolicy
      delayMs = nextDelayMs(policy, { attempt: failures, previousMs: delayMs, random })
      try {
        await sleep(delayMs, { signal })
      } catch {
        return
      }
    }
  }
}

/** What changed between what the reader was told and the listing. `known` becomes the listing. */
export function* differenceEvents(known: Map<string, number>, listing: Listing): Generator<KvEvent> {
  const present = new Set<string>()
  for (const { key } of listing.entries) present.add(key)
  for (const key of [...known.keys()]) {
    if (present.has(key)) continue
    known.delete(key)
    yield { kind: 'delete', key, modRevision: listing.revision }
  }
  const changed = listing.entries.filter(({ key, modRevision }) => known.get(key) !== modRevision)
  // In the order of the changes, as in a watch: a reader may conclude from one event that it has all earlier ones.
  changed.sort((a, b) => a.modRevision - b.modRevision)
  for (const { key, value, modRevision } of changed) {
    known.set(key, modRevision)
    yield { kind: 'upsert', entry: { key, value, modRevision } }
  }
}

/** Undefined for a change that the reader knows already: parts of a revision may come twice after a cut. */
function applyChange(known: Map<string, number>, change: WatchChange): KvEvent | undefined {
  if (change.kind === 'delete') {
    const before = known.get(change.key)
    if (before === undefined || before > change.modRevision) return undefined
    known.delete(change.key)
    return change
  }
  const { key, value, modRevision } = change.entry
  if ((known.get(key) ?? -1) >= modRevision) return undefined
  known.set(key, modRevision)
  return { kind: 'upsert', entry: { key, value, modRevision } }
}
