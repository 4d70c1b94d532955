import { nextDelayMs } from '@axoneme/backoff'
import { isRetryable } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'

const retryPolicy = { minMs: 5, maxMs: 30_000 }
/** Keys handled before requests get their turn again: controllers share the thread with the API server. */
const batchSize = 50

/**
 * Keys that need a reconciliation. A key that is added while it waits is handled once; one whose handling fails comes
 * back after a growing, jittered delay.
 */
export class WorkQueue implements Disposable {
  readonly #reconcile: (key: string) => void
  readonly #log: Logger
  readonly #random: () => number
  readonly #pending = new Set<string>()
  readonly #timers = new Map<string, NodeJS.Timeout>()
  readonly #failures = new Map<string, number>()
  #tick: NodeJS.Immediate | undefined
  #isClosed = false

  constructor({
    reconcile,
    log,
    random,
  }: {
    /** Makes the world of one key as it should be. Idempotent; may throw. */
    reconcile: (key: string) => void
    log: Logger
    random: () => number
  }) {
    this.#reconcile = reconcile
    this.#log = log
    this.#random = random
  }

  add(key: string): void {
    if (this.#isClosed) return
    this.#pending.add(key)
    this.#tick ??= setImmediate(() => this.#run())
  }

  addAfter(key: string, delayMs: number): void {
    if (this.#isClosed) return
    clearTimeout(this.#timers.get(key))
    const timer = setTimeout(() => {
      this.#timers.delete(key)
      this.add(key)
    }, delayMs)
    this.#timers.set(key, timer)
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    this.#pending.clear()
    if (this.#tick !== undefined) clearImmediate(this.#tick)
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  #run(): void {
    this.#tick = undefined
    let count = 0
    for (const key of this.#pending) {
      if (++count > batchSize) break
      this.#pending.delete(key)
      this.#handle(key)
    }
    if (this.#pending.size > 0 && !this.#isClosed) this.#tick ??= setImmediate(() => this.#run())
  }

  #handle(key: string): void {
    try {
      this.#reconcile(key)
      this.#failures.delete(key)
    } catch (error) {
      const attempt = (this.#failures.get(key) ?? 0) + 1
      this.#failures.set(key, attempt)
      const delayMs = nextDelayMs(retryPolicy, { attempt, previousMs: 0, random: this.#random })
      const fields = { key, attempt, delayMs: Math.round(delayMs), error }
      // A conflict is somebody else's newer write: nothing to report the first time.
      if (isRetryable(error) && attempt < 3) this.#log.debug('reconciliation will be repeated', fields)
      else this.#log.warn('reconciliation failed', fields)
      this.addAfter(key, delayMs)
    }
  }
}
