import { describeIntervals, jitteredPeriod } from '@axoneme/backoff'
import type { Kvstore } from '@axoneme/kvstore'
import { publishOperatorIntervals } from '@axoneme/kvstore-sync'
import { describeError, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { type IntervalOptions, intervalsInEffect, operatorIntervals } from './intervals.ts'

/** Says in the kvstore, again and again, which intervals this leader has: `axo status --intervals` shows them. */
export async function runIntervalPublication({
  store,
  options,
  by,
  log,
  signal,
  random = Math.random,
}: {
  store: Kvstore
  options: IntervalOptions
  /** This process, for people. */
  by: string
  log: Logger
  signal: AbortSignal
  random?: () => number
}): Promise<void> {
  // None of them grows with the cluster.
  const intervals = describeIntervals(intervalsInEffect(options), { nodeCount: 0 })
  for (;;) {
    try {
      await publishOperatorIntervals(store, { by, at: new Date().toISOString(), intervals }, { signal })
    } catch (error) {
      signal.throwIfAborted()
      log.warn('intervals not published', { error: describeError(error) })
    }
    await sleep(jitteredPeriod(operatorIntervals.intervalPublication.period, { random }), { signal })
  }
}
