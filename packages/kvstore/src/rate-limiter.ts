import { sleep } from '@axoneme/lifecycle'

export type RateLimit = Readonly<{ perSecond: number; burst: number }>

export type RateLimiter = {
  /** Waits for a turn, in order of arrival, and tells how long that took in milliseconds. */
  acquire(signal: AbortSignal | undefined): Promise<number>
  /** Calls that wait now. */
  readonly queued: number
}

/**
 * A token bucket that is kept as the time at which it would be full again (GCRA). A caller that gives up while it
 * waits does not give its turn back.
 */
export function createRateLimiter(
  { perSecond, burst }: RateLimit,
  { nowMs = () => performance.now() }: { nowMs?: () => number } = {},
): RateLimiter {
  if (!(perSecond > 0) || !(burst >= 1)) {
    throw new RangeError(`a rate limit needs perSecond > 0 and burst >= 1, not ${perSecond} and ${burst}`)
  }
  const intervalMs = 1000 / perSecond
  const toleranceMs = (burst - 1) * intervalMs
  let fullAtMs = Number.NEGATIVE_INFINITY
  let queued = 0
  return {
    get queued() {
      return queued
    },
    async acquire(signal) {
      signal?.throwIfAborted()
      const arrivedMs = nowMs()
      const turnMs = Math.max(arrivedMs, fullAtMs)
      fullAtMs = turnMs + intervalMs
      const delayMs = turnMs - toleranceMs - arrivedMs
      if (delayMs <= 0) return 0
      queued++
      try {
        await sleep(delayMs, { signal })
      } finally {
        queued--
      }
      return nowMs() - arrivedMs
    },
  }
}
