import { jitteredPeriod, sharedIntervals } from '@axoneme/backoff'
import type { BpfMap } from '@axoneme/bpf'
import { ctEntry } from '@axoneme/bpf-programs'
import { describeError, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'

/** Bounds of the interval for an LRU map, in milliseconds (Cilium's: 10 s, 12 h; first 5 min). */
const ctGcBounds = sharedIntervals.conntrackGc.adaptive

/**
 * The next interval: shorter when many entries were found dead, longer when few were. `deletedShare` is deleted
 * entries over the map's size. (Cilium's rule, pkg/maps/ctmap/gc.)
 */
export function nextCtGcInterval(previousMs: number, deletedShare: number): number {
  if (deletedShare > 0.25) return Math.max(previousMs * (1 - Math.min(deletedShare, 0.9)), ctGcBounds.minMs)
  if (deletedShare < 0.05) return Math.min(previousMs * 1.5, ctGcBounds.maxMs)
  return previousMs
}

export type CtGcRun = Readonly<{ entries: number; deleted: number; durationMs: number }>
export type CtGcFailure = Readonly<{ durationMs: number }>

/**
 * Deletes the connections whose lifetime is over at `nowSeconds`, in the datapath's clock. Yields to the event loop
 * between slices of `sliceSize`.
 */
export async function collectConntrackGarbage(
  map: BpfMap,
  { nowSeconds, sliceSize = 2048, signal }: { nowSeconds: number; sliceSize?: number; signal: AbortSignal },
): Promise<CtGcRun> {
  const startedMs = performance.now()
  let entries = 0
  let deleted = 0
  let dead: Buffer[] = []
  const flush = async () => {
    for (const key of dead) if (isDead(map.lookup(key), nowSeconds) && map.delete(key)) deleted++
    dead = []
    await new Promise(setImmediate)
    signal.throwIfAborted()
  }
  for (const [key, value] of map.entries()) {
    entries++
    if (isDead(value, nowSeconds)) dead.push(Buffer.from(key))
    if (entries % sliceSize === 0) await flush()
  }
  await flush()
  return { entries, deleted, durationMs: performance.now() - startedMs }
}

/** What is asked again before the entry is deleted: the same ports may be in use for a new connection meanwhile. */
function isDead(value: Buffer | undefined, nowSeconds: number): boolean {
  return value !== undefined && ctEntry.decode(value).expiresSeconds < nowSeconds
}

/** Collects until the signal aborts. */
export async function runConntrackGc({
  map,
  nowSeconds,
  log,
  signal,
  onRun,
  onFailure,
  random = Math.random,
}: {
  map: BpfMap
  /** The datapath's clock: seconds since boot. */
  nowSeconds: () => number
  log: Logger
  signal: AbortSignal
  onRun?: ((run: CtGcRun) => void) | undefined
  /** A collection was not finished. */
  onFailure?: ((failure: CtGcFailure) => void) | undefined
  random?: () => number
}): Promise<void> {
  let intervalMs: number = ctGcBounds.firstMs
  try {
    for (;;) {
      await sleep(jitteredPeriod({ baseMs: intervalMs, jitter: ctGcBounds.jitter }, { random }), { signal })
      const startedMs = performance.now()
      try {
        const run = await collectConntrackGarbage(map, { nowSeconds: nowSeconds(), signal })
        intervalMs = nextCtGcInterval(intervalMs, run.deleted / map.spec.maxEntries)
        onRun?.(run)
        log.debug('conntrack collected', { ...run, nextMs: intervalMs })
      } catch (error) {
        signal.throwIfAborted()
        onFailure?.({ durationMs: performance.now() - startedMs })
        log.warn('conntrack not collected', { error: describeError(error) })
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
