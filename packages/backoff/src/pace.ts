import { sleep } from '@axoneme/lifecycle'
import { jitteredPeriod, type Period } from './period.ts'

/** Waits until it is the caller's turn. */
export type Pace = (signal: AbortSignal) => Promise<void>

/**
 * Lets callers pass one by one, in order, a period apart; the first, and one that comes after a longer pause, at once.
 */
export function createPace(
  period: Period,
  {
    nodeCount = () => 0,
    random = Math.random,
    nowMs = () => performance.now(),
  }: { nodeCount?: () => number; random?: () => number; nowMs?: () => number } = {},
): Pace {
  let nextMs = Number.NEGATIVE_INFINITY
  return async (signal) => {
    signal.throwIfAborted()
    const turnMs = Math.max(nowMs(), nextMs)
    nextMs = turnMs + jitteredPeriod(period, { nodeCount: nodeCount(), random })
    const delayMs = turnMs - nowMs()
    if (delayMs > 0) await sleep(delayMs, { signal })
  }
}
