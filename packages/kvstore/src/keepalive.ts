import { jitteredPeriod, nextDelayMs, sharedIntervals } from '@axoneme/backoff'
import { hasCode } from './errors.ts'
import type { KvTransport } from './transport.ts'

export type KeepaliveOptions = Readonly<{
  transport: KvTransport
  leaseId: string
  intervalMs: number
  /** Whether the caller learnt elsewhere that the store has no such lease. */
  isKnownLost?: () => boolean
  /** Waits; may return early when there is news. */
  pause: (delayMs: number) => Promise<void>
  random: () => number
  /** After each attempt; `error` is undefined when the store confirmed the lease. */
  onAttempt?: (error: unknown) => void
  signal: AbortSignal
}>

const retryPolicy = sharedIntervals.kvstoreLeaseRenewalRetry.retry

/**
 * Renews a lease until the store says that it is gone. Only the store decides: a lease that looks overdue from here
 * may have been extended by a change of leader.
 */
export async function keepAliveUntilLost(options: KeepaliveOptions): Promise<void> {
  const { transport, leaseId, intervalMs, isKnownLost, pause, random, onAttempt, signal } = options
  let failures = 0
  let delayMs = jitteredPeriod(
    { ...sharedIntervals.kvstoreLeaseRenewal.period, baseMs: intervalMs },
    { random },
  )
  for (;;) {
    if (isKnownLost?.() === true) return
    await pause(delayMs)
    signal.throwIfAborted()
    if (isKnownLost?.() === true) return
    try {
      const leftS = await transport.keepLeaseAlive(leaseId)
      signal.throwIfAborted()
      onAttempt?.(undefined)
      if (leftS <= 0) return
      failures = 0
      delayMs = jitteredPeriod(
        { ...sharedIntervals.kvstoreLeaseRenewal.period, baseMs: intervalMs },
        { random },
      )
    } catch (error) {
      signal.throwIfAborted()
      if (hasCode(error, 'KVSTORE_LEASE_LOST')) return
      onAttempt?.(error)
      failures++
      delayMs = Math.min(
        intervalMs,
        nextDelayMs(retryPolicy, { attempt: failures, previousMs: delayMs, random }),
      )
    }
  }
}
