import { nextDelayMs, type RetryPolicy, retryAfterMsOf } from '@axoneme/backoff'
import { sleep } from '@axoneme/lifecycle'

/** The failures in a row, and how long to wait after each. */
export class FailurePause {
  failures = 0
  readonly #policy: RetryPolicy
  readonly #random: () => number
  #previousMs = 0

  constructor(policy: RetryPolicy, random: () => number) {
    this.#policy = policy
    this.#random = random
  }

  /** The row has ended. */
  reset(): void {
    this.failures = 0
    this.#previousMs = 0
  }

  /** Waits by the policy, and as long as the server asked for. Ends early, without an error, when `signal` aborts. */
  async wait(error: unknown, signal: AbortSignal): Promise<void> {
    const previousMs = this.#previousMs === 0 ? this.#policy.minMs : this.#previousMs
    const timing = { attempt: this.failures, previousMs, random: this.#random }
    this.#previousMs = nextDelayMs(this.#policy, timing)
    try {
      await sleep(this.#previousMs + retryAfterMsOf(error), { signal })
    } catch (aborted) {
      if (!signal.aborted) throw aborted
    }
  }
}
