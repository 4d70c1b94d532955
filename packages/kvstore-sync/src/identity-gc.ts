import { jitteredPeriod, type Period } from '@axoneme/backoff'
import type { IdentityId } from '@axoneme/identity'
import { createRateLimiter, type KvEntry, type Kvstore, type RateLimiter } from '@axoneme/kvstore'
import { describeError, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { lockPath, removeCommit, slavePrefix } from './identity-keys.ts'
import { parseIdentity } from './identity-table.ts'
import { identityPaths } from './paths.ts'

/** One pass over all identities. */
export type IdentityGcRun = Readonly<{ checked: number; unused: number; deleted: number; durationMs: number }>

export type IdentityGcOptions = Readonly<{
  store: Kvstore
  log: Logger
  signal: AbortSignal
  /** An identity goes when it was unused in two passes; 5 min between passes by default. */
  period?: Period
  /** Reads of the store each second at most. */
  checksPerSecond?: number
  random?: () => number
  onRun?: (run: IdentityGcRun) => void
}>

const defaultPeriod: Period = { baseMs: 300_000, jitter: 0.2 }
const defaultChecksPerSecond = 200

/** Removes the master keys of identities that no node uses any more. To be run by one process of the cluster. */
export function startIdentityGc(options: IdentityGcOptions): AsyncDisposable {
  const {
    store,
    log,
    period = defaultPeriod,
    checksPerSecond = defaultChecksPerSecond,
    random,
    onRun,
  } = options
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const limiter = createRateLimiter({ perSecond: checksPerSecond, burst: 10 })

  async function run(): Promise<void> {
    let unusedBefore: ReadonlyMap<IdentityId, number> = new Map()
    for (;;) {
      await sleep(jitteredPeriod(period, random === undefined ? {} : { random }), { signal })
      try {
        const { unused, ...report } = await collectOnce({ store, limiter, signal, log, unusedBefore })
        unusedBefore = unused
        log.info('identities checked', { ...report, unused: unused.size })
        onRun?.({ ...report, unused: unused.size })
      } catch (error) {
        if (signal.aborted) throw error
        log.warn('identity garbage collection interrupted', { error: describeError(error) })
      }
    }
  }

  const running = run().catch((error: unknown) => {
    if (!signal.aborted) log.error('identity garbage collection ended', { error: describeError(error) })
  })
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new DOMException('identity garbage collection stopped', 'AbortError'))
      await running
    },
  }
}

/**
 * Checks every identity, deletes those that `unusedBefore` has at the same revision, and gives the ones that are
 * unused now.
 */
export async function collectOnce({
  store,
  limiter,
  signal,
  log,
  unusedBefore,
}: {
  store: Kvstore
  limiter: RateLimiter
  signal: AbortSignal
  log: Logger
  unusedBefore: ReadonlyMap<IdentityId, number>
}): Promise<{ checked: number; unused: Map<IdentityId, number>; deleted: number; durationMs: number }> {
  const startedMs = performance.now()
  const unused = new Map<IdentityId, number>()
  let checked = 0
  let deleted = 0
  for (const entry of await store.listPrefix(identityPaths.idPrefix, { signal })) {
    const parsed = parseIdentity(entry.key.slice(identityPaths.idPrefix.length), entry.value)
    // Not ours, or of another kind: never delete what is not understood.
    if (!('row' in parsed)) continue
    await limiter.acquire(signal)
    checked++
    const { id } = parsed.row
    const isUnused = await store.commit(
      { conditions: [{ kind: 'prefix-empty', prefix: slavePrefix(entry.value) }], writes: [] },
      { signal },
    )
    if (!isUnused) continue
    if (unusedBefore.get(id) !== entry.modRevision) unused.set(id, entry.modRevision)
    else if (await remove({ store, signal, id, entry })) {
      deleted++
      log.debug('unused identity removed', { id, labels: entry.value })
    }
  }
  return { checked, unused, deleted, durationMs: performance.now() - startedMs }
}

/** Under the lock that allocators take too, and only if it still is as it was read and without users. */
async function remove({
  store,
  signal,
  id,
  entry,
}: {
  store: Kvstore
  signal: AbortSignal
  id: IdentityId
  entry: KvEntry
}): Promise<boolean> {
  await using lock = await store.lock(lockPath(entry.value), { signal })
  const { value: labels, modRevision } = entry
  return await lock.commit(removeCommit({ id, labels, modRevision }), { signal })
}
