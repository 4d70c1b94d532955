import { jitteredPeriod, type Period } from '@axoneme/backoff'
import { sleep } from '@axoneme/lifecycle'
import { hasCode, KvstoreError, type KvstoreErrorCode } from './errors.ts'
import type { KvTransport } from './transport.ts'

/** A probe that most members of the store did not confirm. */
export type QuorumError = Readonly<{ error: KvstoreErrorCode }>

/** Cilium's key of the operator's heartbeat: one that everybody may read. Whether it exists does not matter. */
const probeKey = 'cilium/.heartbeat'

/**
 * Asks from time to time whether the store still has a quorum: by a read that the leader may answer only after most
 * members have confirmed that it leads. Calls that needed the same within the period are as good, so that a busy client
 * asks nothing. Runs until the signal aborts.
 */
export async function watchQuorum({
  transport,
  period,
  nodeCount = () => 0,
  random,
  signal,
  lastConfirmedMs,
  onConfirmed,
  onError,
}: {
  transport: Pick<KvTransport, 'range'>
  period: Period
  /** For a period that grows with the cluster. */
  nodeCount?: (() => number) | undefined
  random: () => number
  signal: AbortSignal
  /** When another call was answered last, of performance.now. */
  lastConfirmedMs: () => number
  onConfirmed: () => void
  onError: (error: QuorumError, cause: unknown) => void
}): Promise<void> {
  for (;;) {
    await sleep(jitteredPeriod(period, { nodeCount: nodeCount(), random }), { signal })
    if (performance.now() - lastConfirmedMs() < period.baseMs) continue
    try {
      await transport.range({ key: probeKey, prefix: false })
      onConfirmed()
    } catch (error) {
      signal.throwIfAborted()
      // Who may not read learns so only after the quorum was asked.
      if (hasCode(error, 'KVSTORE_DENIED')) onConfirmed()
      else onError({ error: error instanceof KvstoreError ? error.code : 'KVSTORE_FAILED' }, error)
    }
  }
}
