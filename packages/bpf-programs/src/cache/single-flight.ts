import { abortable } from '@axoneme/lifecycle'

type Flight<T> = { result: Promise<T>; controller: AbortController; waiting: number }

/** Work that is done once for all who ask for it at the same time. */
export class SingleFlight<T> implements AsyncDisposable {
  readonly #flights = new Map<string, Flight<T>>()
  readonly #running = new Set<Promise<unknown>>()

  /**
   * The outcome of the work that is under way for `key`, or else of `work`, which then starts at once. Each caller can
   * leave by its signal; the work is aborted when the last one does.
   */
  async run(key: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted()
    const flight = this.#flights.get(key) ?? this.#start(key, work)
    flight.waiting++
    try {
      return await abortable(flight.result, signal)
    } finally {
      flight.waiting--
      if (flight.waiting === 0) {
        this.#forget(key, flight)
        flight.controller.abort(signal.reason)
      }
    }
  }

  /** Aborts what runs and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { controller } of this.#flights.values()) controller.abort()
    await Promise.allSettled(this.#running)
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController()
    const result = work(controller.signal)
    const flight = { result, controller, waiting: 0 }
    this.#flights.set(key, flight)
    const ended = result.then(
      () => {},
      () => {},
    )
    this.#running.add(ended)
    void ended.then(() => {
      this.#running.delete(ended)
      this.#forget(key, flight)
    })
    return flight
  }

  #forget(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key)
  }
}
