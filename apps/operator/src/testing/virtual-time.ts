type Timer = { dueMs: number; order: number; fire: () => void }

/** Time that passes only when nothing else is left to do: a simulation of hours runs in milliseconds. */
export class VirtualTime {
  nowMs = 0
  #order = 0
  readonly #timers = new Set<Timer>()

  /** Resolves at `dueMs`, or rejects when the signal aborts. */
  until(dueMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason)
        return
      }
      const timer: Timer = { dueMs, order: this.#order++, fire: resolve }
      this.#timers.add(timer)
      const onAbort = () => {
        this.#timers.delete(timer)
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      timer.fire = () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }
    })
  }

  /** Lets time pass until `endMs`; `check` sees every instant at which something happened, after it has happened. */
  async run(endMs: number, check: () => void): Promise<void> {
    for (;;) {
      await new Promise(setImmediate)
      check()
      const next = this.#earliest()
      if (next === undefined || next.dueMs > endMs) break
      this.nowMs = Math.max(this.nowMs, next.dueMs)
      for (const timer of this.#due()) {
        this.#timers.delete(timer)
        timer.fire()
      }
    }
    this.nowMs = endMs
  }

  #earliest(): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) if (first === undefined || timer.dueMs < first.dueMs) first = timer
    return first
  }

  #due(): Timer[] {
    return [...this.#timers]
      .filter(({ dueMs }) => dueMs <= this.nowMs)
      .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)
  }
}
