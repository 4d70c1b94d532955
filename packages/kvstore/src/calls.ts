import { abortable, CodedError, describeError } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { hasCode, KvstoreError } from './errors.ts'
import { type KvOperationEvent, type Observe, scopeOf } from './observe.ts'
import { createRateLimiter, type RateLimit, type RateLimiter } from './rate-limiter.ts'

export type Call = Readonly<{
  operation: string
  kind: KvOperationEvent['kind']
  key: string
  signal: AbortSignal | undefined
}>

/** What every call of a client goes through: the rate limit, its signals, observation, and what it tells of the store. */
export class Calls {
  readonly #location: string
  readonly #log: Logger
  readonly #observe: Observe | undefined
  readonly #limiter: RateLimiter | undefined
  readonly #closing: AbortSignal
  readonly #onChange: () => void
  #answeredMs = 0
  #connected = false
  #lastError = 'not connected yet'

  constructor({
    location,
    log,
    observe,
    rateLimit,
    closing,
    onChange,
  }: {
    location: string
    log: Logger
    observe: Observe | undefined
    rateLimit: RateLimit | undefined
    /** Ends all calls. */
    closing: AbortSignal
    /** After the store became reachable or unreachable, or for another reason. */
    onChange: () => void
  }) {
    this.#location = location
    this.#log = log
    this.#observe = observe
    this.#limiter = rateLimit === undefined ? undefined : createRateLimiter(rateLimit)
    this.#closing = closing
    this.#onChange = onChange
  }

  get connected(): boolean {
    return this.#connected
  }

  /** Where the store is, and why it does not answer if so. */
  get detail(): string {
    return this.#connected ? this.#location : `${this.#location}: ${this.#lastError}`
  }

  /** When the store answered a call last, of performance.now. */
  get answeredMs(): number {
    return this.#answeredMs
  }

  async run<T>(
    { operation, kind, key, signal }: Call,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.assertOpen(operation, key)
    const either = signal === undefined ? this.#closing : AbortSignal.any([signal, this.#closing])
    either.throwIfAborted()
    const queuedMs = (await this.#limiter?.acquire(either)) ?? 0
    const startedMs = performance.now()
    let outcome: KvOperationEvent['outcome'] = 'success'
    try {
      const result = await abortable(work(either), either)
      this.#answeredMs = performance.now()
      if (!this.#connected) this.attempted(undefined)
      return result
    } catch (error) {
      outcome = either.aborted ? 'aborted' : 'fail'
      if (hasCode(error, 'KVSTORE_UNAVAILABLE')) this.attempted(error)
      throw error
    } finally {
      const durationMs = performance.now() - startedMs
      this.#observe?.({ operation, kind, scope: scopeOf(key), outcome, durationMs, queuedMs })
    }
  }

  /** The same without the rate limit, for what others wait for. `work` never rejects. */
  async runUnlimited(
    { operation, kind, key }: Omit<Call, 'signal'>,
    work: () => Promise<void>,
  ): Promise<void> {
    const startedMs = performance.now()
    await work()
    const durationMs = performance.now() - startedMs
    this.#observe?.({ operation, kind, scope: scopeOf(key), outcome: 'success', durationMs, queuedMs: 0 })
  }

  assertOpen(operation: string, key: string): void {
    if (this.#closing.aborted) throw new KvstoreError('KVSTORE_CLOSED', { operation, key })
  }

  /** Something was asked of the store; undefined: it answered. */
  attempted(error: unknown): void {
    const connected = error === undefined
    const reason = connected ? '' : describeError(error)
    const changed = connected !== this.#connected || reason !== this.#lastError
    const first = connected !== this.#connected || this.#lastError === 'not connected yet'
    this.#connected = connected
    this.#lastError = reason
    if (!changed) return
    if (connected) this.#log.info('connected', { location: this.#location })
    else if (first) this.#log.warn('unreachable, retrying', { error: reason, code: codeOf(error) })
    this.#onChange()
  }
}

function codeOf(error: unknown): string {
  return error instanceof CodedError ? error.code : 'unknown'
}
