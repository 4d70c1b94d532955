import { nextDelayMs, sharedIntervals } from '@axoneme/backoff'
import { abortable, describeError, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { hasCode } from './errors.ts'
import { keepAliveUntilLost } from './keepalive.ts'
import type { KvTransport } from './transport.ts'

export type LeaseSessionOptions = Readonly<{
  transport: KvTransport
  ttlS: number
  log: Logger
  random: () => number
  signal: AbortSignal
  /** After each attempt to grant or renew; undefined when it went well. */
  onAttempt: (error: unknown) => void
}>

const grantRetry = sharedIntervals.kvstoreLeaseGrant.retry
/** A lease that somebody revoked is noticed at the next renewal, so this bounds how long leased keys stay away. */
const maxIntervalMs = sharedIntervals.kvstoreLeaseRenewal.period.baseMs

/** One lease that is kept alive, and replaced whenever the store lost it. */
export class LeaseSession {
  readonly #options: LeaseSessionOptions
  readonly #listeners = new Set<() => void>()
  #leaseId: string | undefined
  #granted = Promise.withResolvers<string>()
  #poke: (() => void) | undefined
  /** The last renewal that somebody asked for; several watches that were cut together share one. */
  #renewal: { leaseId: string; startedMs: number; leftS: Promise<number> } | undefined

  constructor(options: LeaseSessionOptions) {
    this.#options = options
    this.#granted.promise.catch(() => {})
  }

  /** Runs until the signal aborts. */
  async run(): Promise<void> {
    const { signal, log } = this.#options
    for (let generation = 0; ; generation++) {
      const leaseId = await this.#grant()
      this.#leaseId = leaseId
      this.#granted.resolve(leaseId)
      if (generation > 0) {
        log.info('lease replaced', { leaseId })
        this.#tellListeners()
      }
      await keepAliveUntilLost({
        ...this.#options,
        leaseId,
        intervalMs: Math.min((this.#options.ttlS * 1000) / 3, maxIntervalMs),
        isKnownLost: () => this.#leaseId !== leaseId,
        pause: (delayMs) => this.#pause(delayMs),
      })
      signal.throwIfAborted()
      this.reportLost(leaseId)
    }
  }

  get leaseId(): string | undefined {
    return this.#leaseId
  }

  /** The live lease; waits while there is none. */
  current(signal: AbortSignal): Promise<string> {
    return abortable(this.#granted.promise, signal)
  }

  /**
   * Whether the store, asked not before `sinceMs` (of performance.now), still has the lease. Leases are unique, so that a
   * store which has it is the one that granted it, with its whole history since. Rejects when the store does not answer.
   */
  async has(leaseId: string, sinceMs: number): Promise<boolean> {
    if (this.#leaseId !== leaseId) return false
    if (this.#renewal?.leaseId !== leaseId || this.#renewal.startedMs < sinceMs) {
      this.#renewal = {
        leaseId,
        startedMs: performance.now(),
        leftS: this.#options.transport.keepLeaseAlive(leaseId),
      }
    }
    const { leftS } = this.#renewal
    try {
      if ((await leftS) > 0) return true
    } catch (error) {
      if (this.#renewal?.leftS === leftS) this.#renewal = undefined
      if (!hasCode(error, 'KVSTORE_LEASE_LOST')) throw error
    }
    this.reportLost(leaseId)
    return false
  }

  /** The store said that there is no such lease: `current` waits for another one from now on. */
  reportLost(leaseId: string): void {
    if (this.#leaseId !== leaseId) return
    this.#leaseId = undefined
    this.#granted = Promise.withResolvers()
    // Nobody may be waiting when the session ends.
    this.#granted.promise.catch(() => {})
    this.#options.log.warn('lease lost', { leaseId })
    this.#poke?.()
  }

  onReplaced(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) }
  }

  async #grant(): Promise<string> {
    const { transport, ttlS, signal, random, onAttempt } = this.#options
    for (let attempt = 1, delayMs = 0; ; attempt++) {
      signal.throwIfAborted()
      try {
        const leaseId = await transport.grantLease(ttlS)
        signal.throwIfAborted()
        onAttempt(undefined)
        return leaseId
      } catch (error) {
        signal.throwIfAborted()
        onAttempt(error)
        delayMs = nextDelayMs(grantRetry, { attempt, previousMs: delayMs, random })
        await sleep(delayMs, { signal })
      }
    }
  }

  async #pause(delayMs: number): Promise<void> {
    const { signal } = this.#options
    const poked = new AbortController()
    this.#poke = () => poked.abort()
    try {
      await sleep(delayMs, { signal: AbortSignal.any([signal, poked.signal]) })
    } catch (error) {
      signal.throwIfAborted()
      if (!poked.signal.aborted) throw error
    } finally {
      this.#poke = undefined
    }
  }

  #tellListeners(): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener()
      } catch (error) {
        this.#options.log.error('lease listener failed', { error: describeError(error) })
      }
    }
  }
}
