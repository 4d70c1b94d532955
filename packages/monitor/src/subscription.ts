import type { MonitorEvent } from './event.ts'

/** Says that the reader was too slow, in the place where the events are missing. */
export type LostEvents = Readonly<{ kind: 'lost'; count: number }>

/**
 * A reader's own bounded queue. Iterate it once; the iteration ends when the subscription is disposed or the monitor
 * ends, after what was queued. Leaving the loop disposes it.
 */
export type Subscription = Disposable & AsyncIterable<MonitorEvent | LostEvents>

/** The writing side of a subscription. */
export class EventQueue implements Subscription {
  readonly #capacity: number
  readonly #onClose: (queue: EventQueue) => void
  #events: MonitorEvent[] = []
  #lost = 0
  #closed = false
  #wake: (() => void) | undefined

  constructor(capacity: number, onClose: (queue: EventQueue) => void) {
    this.#capacity = capacity
    this.#onClose = onClose
  }

  /** Never waits: what does not fit is counted. */
  push(event: MonitorEvent): void {
    if (this.#closed) return
    if (this.#events.length < this.#capacity && this.#lost === 0) this.#events.push(event)
    else this.#lost++
    this.#wake?.()
  }

  [Symbol.dispose](): void {
    if (this.#closed) return
    this.#closed = true
    this.#onClose(this)
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<MonitorEvent | LostEvents, void, undefined> {
    try {
      for (;;) {
        yield* this.#events.splice(0)
        // The loss lies behind the events that were queued before it.
        if (this.#lost > 0 && this.#events.length === 0) yield this.#takeLoss()
        if (this.#events.length > 0) continue
        if (this.#closed) return
        await this.#waitForEvents()
      }
    } finally {
      this[Symbol.dispose]()
    }
  }

  #takeLoss(): LostEvents {
    const count = this.#lost
    this.#lost = 0
    return { kind: 'lost', count }
  }

  async #waitForEvents(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    await promise
    this.#wake = undefined
  }
}
