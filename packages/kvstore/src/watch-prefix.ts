import { nextDelayMs, sharedIntervals } from '@axoneme/backoff'
import { describeError, isRetryable, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { hasCode } from './errors.ts'
import { listAtOneRevision } from './listing.ts'
import { ToldKeys } from './told-keys.ts'
import type { KvTransport, WatchBatch, WatchRequest } from './transport.ts'
import type { KeepLost, KvChange, KvEvent } from './types.ts'

const retryPolicy = sharedIntervals.kvstoreWatch.retry
/** An error that a retry does not help, such as denied access, may still be repaired by somebody. */
const hopelessPolicy = sharedIntervals.kvstoreWatchRefused.retry

/** The client's lease, by which a store is recognised: one that was set up anew does not have it. */
type WatchLease = {
  current(signal: AbortSignal): Promise<string>
  has(leaseId: string, sinceMs: number): Promise<boolean>
}

/** What was told is the state of this history at this revision; the store had the lease then. */
type Position = { revision: number; readonly historyId: string; readonly leaseId: string }

/**
 * The contract of `Kvstore.watchPrefix` over a transport. Memory: the key and revision of each entry, from which the
 * difference is made when history was lost.
 */
export async function* watchPrefix({
  transport,
  lease,
  prefix,
  keepLost,
  signal,
  log,
  random,
  onChange,
}: {
  transport: KvTransport
  lease: WatchLease
  prefix: string
  keepLost?: KeepLost | undefined
  signal: AbortSignal
  log: Logger
  random: () => number
  /** Hears of each change just before it is told, and for how long it had been there. */
  onChange?: (event: KvChange, queuedMs: number) => void
}): AsyncGenerator<KvEvent, void, undefined> {
  const told = new ToldKeys(keepLost, prefix)
  let position: Position | undefined
  let mustList = true
  let interruptedMs = 0
  let failures = 0
  let delayMs = 0

  async function* list(
    before: Position | undefined,
    isSameStore: boolean,
  ): AsyncGenerator<KvEvent, Position> {
    const leaseId = await lease.current(signal)
    const listing = await listAtOneRevision(transport, { prefix, signal })
    const { revision, historyId } = listing
    const isSameHistory =
      before === undefined || (isSameStore && historyId === before.historyId && revision >= before.revision)
    if (!isSameHistory) log.warn('the store lost its history', { prefix, entries: listing.entries.length })
    const nowMs = performance.now()
    yield* isSameHistory ? told.compare(listing, nowMs) : told.replace(listing, nowMs)
    if (before === undefined) yield { kind: 'synced', revision }
    return { revision, historyId, leaseId }
  }

  async function* followFrom(at: Position): AsyncGenerator<KvEvent, void> {
    const { historyId } = at
    const request = { prefix, fromRevision: at.revision + 1, historyId, signal }
    for await (const batch of batchesOrDue(transport, { request, dueMs: () => told.dueMs })) {
      failures = 0
      if (batch === 'due') {
        yield* told.deleteLost(at.revision)
        continue
      }
      const nowMs = performance.now()
      for (const change of batch.changes) {
        const event = told.apply(change, nowMs)
        if (event === undefined) continue
        onChange?.(event, performance.now() - nowMs)
        yield event
      }
      if (batch.completeRevision !== undefined) at.revision = batch.completeRevision
    }
  }

  while (!signal.aborted) {
    const startedMs = performance.now()
    try {
      // Neither the cluster's id nor the revisions tell whether a store forgot everything: the id of one that was set up
      // anew with the same members is the same, and its revisions may have passed ours.
      const isSameStore = position === undefined || (await lease.has(position.leaseId, interruptedMs))
      if (position === undefined || mustList || !isSameStore) {
        position = yield* list(position, isSameStore)
        mustList = false
      }
      yield* followFrom(position)
    } catch (error) {
      if (signal.aborted) return
      if (hasCode(error, 'KVSTORE_CLOSED')) throw error
      interruptedMs = performance.now()
      // A quiet watch that held for a while is no failure after failure.
      if (interruptedMs - startedMs > retryPolicy.maxMs) failures = 0
      // An answer that is too large will be too large again; a listing reads smaller pages.
      if (hasCode(error, 'KVSTORE_COMPACTED') || hasCode(error, 'KVSTORE_EXHAUSTED')) {
        log.info('watch lost history, listing again', { prefix })
        mustList = true
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

/** The batches of one watch, and 'due' each time `dueMs` (of performance.now) is reached while none comes. */
async function* batchesOrDue(
  transport: KvTransport,
  { request, dueMs }: { request: WatchRequest; dueMs: () => number },
): AsyncGenerator<WatchBatch | 'due', void, undefined> {
  const stop = new AbortController()
  const signal = AbortSignal.any([request.signal, stop.signal])
  const batches = transport.watch({ ...request, signal })[Symbol.asyncIterator]()
  try {
    let next = batches.next()
    for (;;) {
      const leftMs = Math.max(0, dueMs() - performance.now())
      const result = Number.isFinite(leftMs) ? await firstOf(next, leftMs) : await next
      if (result === 'due') {
        yield 'due'
        continue
      }
      if (result.done === true) return
      yield result.value
      next = batches.next()
    }
  } finally {
    stop.abort()
    await batches.return?.()
  }
}

async function firstOf<T>(next: Promise<T>, leftMs: number): Promise<T | 'due'> {
  const timer = Promise.withResolvers<'due'>()
  const handle = setTimeout(timer.resolve, leftMs, 'due')
  try {
    return await Promise.race([next, timer.promise])
  } finally {
    clearTimeout(handle)
  }
}
