import { jitteredPeriod } from '@axoneme/backoff'
import type { Kvstore } from '@axoneme/kvstore'
import { describeError, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { operatorIntervals } from './intervals.ts'

const heartbeatKey = 'cilium/.heartbeat'

/** Writes the time to the key that agents and people look at to see that the kvstore takes writes. (Cilium's key.) */
export async function runHeartbeat({
  store,
  log,
  signal,
  random = Math.random,
}: {
  store: Kvstore
  log: Logger
  signal: AbortSignal
  random?: () => number
}): Promise<void> {
  for (;;) {
    try {
      await store.put(heartbeatKey, new Date().toISOString(), { leased: true, signal })
    } catch (error) {
      signal.throwIfAborted()
      log.warn('heartbeat not written', { error: describeError(error) })
    }
    await sleep(jitteredPeriod(operatorIntervals.kvstoreHeartbeat.period, { random }), { signal })
  }
}
