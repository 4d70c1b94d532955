import { sharedIntervals } from '@axoneme/backoff'

/** Bounds of the pause between two looks at the ring buffer. */
const pollBounds = sharedIntervals.monitorPoll.adaptive

/**
 * How long to wait after a look that took `count` records, at most `batch` at a time: not at all while there may be
 * more, shortly while records come, ever longer while none do.
 */
export function nextPollDelayMs(
  previousMs: number,
  { count, batch }: { count: number; batch: number },
): number {
  if (count >= batch) return 0
  if (count > 0) return pollBounds.minMs
  return Math.min(Math.max(previousMs, pollBounds.minMs) * 2, pollBounds.maxMs)
}
