import { jitteredPeriod, type Period } from '@axoneme/backoff'
import type { IdentityId } from '@axoneme/identity'
import { createRateLimiter, hasCode, type KvEntry, type Kvstore, type RateLimiter } from '@axoneme/kvstore'
import { describeError, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import {
  creationsPerSecond,
  type GcMemory,
  identityUsageRatio,
  passPeriod,
  planCollection,
  removalsPerSecond,
} from './identity-gc-plan.ts'
import { lockPath, removeCommit } from './identity-keys.ts'
import { identityPaths } from './paths.ts'

/** One pass over all identities. */
export type IdentityGcRun = Readonly<
  | {
      outcome: 'success'
      checked: number
      unused: number
      deleted: number
      /** Share of the cluster's identities that are allocated. */
      usedRatio: number
      durationMs: number
    }
  | { outcome: 'fail'; durationMs: number }
>

export type IdentityGcOptions = Readonly<{
  store: Kvstore
  log: Logger
  signal: AbortSignal
  /** An identity goes when it was unused in two passes; passes come sooner when the numbers run out. */
  period: Period
  /** Removals each second; more when more are created. */
  removalsPerSecond: number
  random?: () => number
  onRun?: (run: IdentityGcRun) => void
}>

/** Removals at the same time: each waits for the store a few times. */
const concurrentRemovals = 8
/** From here on somebody should find out where all the label sets come from. */
const warnAtRatio = 0.5

/**
 * Removes the master keys of identities that no node uses any more: slave keys are bound to the leases of nodes, which
 * are their heartbeat. To be run by one process of the cluster; another one does no harm.
 */
export async function runIdentityGc(options: IdentityGcOptions): Promise<void> {
  const { log, signal, period, random, onRun } = options
  let memory: GcMemory | undefined
  let next = passPeriod(period, undefined)
  let warned = false
  for (;;) {
    await sleep(jitteredPeriod(next, random === undefined ? {} : { random }), { signal })
    const startedMs = performance.now()
    try {
      const pass = await collectOnce(options, memory)
      memory = pass.memory
      next = passPeriod(period, pass)
      const ratio = identityUsageRatio(pass.allocated)
      if (ratio >= warnAtRatio && !warned) {
        log.warn('half of all identities are in use', { allocated: pass.allocated, ratio: ratio.toFixed(2) })
      }
      warned = ratio >= warnAtRatio
      const { checked, deleted } = pass
      const report = {
        checked,
        deleted,
        unused: memory.unused.size,
        usedRatio: ratio,
        durationMs: performance.now() - startedMs,
      }
      log.info('identities checked', report)
      onRun?.({ outcome: 'success', ...report })
    } catch (error) {
      if (signal.aborted) throw error
      log.warn('identity garbage collection interrupted', { error: describeError(error) })
      onRun?.({ outcome: 'fail', durationMs: performance.now() - startedMs })
    }
  }
}

/** One pass: removes what was unused in the one before already, and remembers what is unused now. */
export async function collectOnce(
  options: Pick<IdentityGcOptions, 'store' | 'signal' | 'log' | 'removalsPerSecond'>,
  before: GcMemory | undefined,
): Promise<{
  checked: number
  allocated: number
  creationsPerSecond: number
  deleted: number
  memory: GcMemory
}> {
  const { store, signal } = options
  const atMs = performance.now()
  const masters = await store.listPrefix(identityPaths.idPrefix, { signal })
  const users = await store.listPrefix(identityPaths.valuePrefix, { signal })
  const plan = planCollection({ masters, users }, before)
  const rate = creationsPerSecond(plan, { before, atMs })
  const perSecond = removalsPerSecond(options.removalsPerSecond, rate)
  const limiter = createRateLimiter({ perSecond, burst: concurrentRemovals })
  const deleted = await removeAll(options, { removable: plan.removable, limiter })
  const { checked, allocated, unused, revision } = plan
  return { checked, allocated, creationsPerSecond: rate, deleted, memory: { unused, revision, atMs } }
}

type Removable = Readonly<{ id: IdentityId; entry: KvEntry }>

async function removeAll(
  { store, signal, log }: Pick<IdentityGcOptions, 'store' | 'signal' | 'log'>,
  { removable, limiter }: { removable: readonly Removable[]; limiter: RateLimiter },
): Promise<number> {
  let deleted = 0
  const queue = removable.values()
  const runLane = async () => {
    for (const { id, entry } of queue) {
      await limiter.acquire(signal)
      if (!(await remove({ store, signal, id, entry }))) continue
      deleted++
      log.debug('unused identity removed', { id, labels: entry.value })
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: concurrentRemovals }, runLane))
  for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason
  return deleted
}

/**
 * Under the lock that allocators take too, and only if it still is as it was read and without users. False when it
 * was not removed: the next pass looks again.
 */
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
  const { value: labels, modRevision } = entry
  try {
    await using lock = await store.lock(lockPath(labels), { signal })
    return await lock.commit(removeCommit({ id, labels, modRevision }), { signal })
  } catch (error) {
    if (hasCode(error, 'KVSTORE_LOCK_LOST')) return false
    throw error
  }
}
