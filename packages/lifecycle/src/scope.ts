import { isAbort } from './clock.ts'

export type Closable = Disposable | AsyncDisposable

/**
 * A lifetime. What is opened in it is closed with it, in reverse order, exactly once; failures while closing are
 * joined into one AggregateError after everything had its turn. Lifetimes nest: aborting the outer `signal` aborts
 * this one.
 */
export class Scope implements AsyncDisposable {
  readonly name: string
  readonly signal: AbortSignal
  /** Settles when the scope ends: resolves on a normal close, rejects with the failure of a task it ran. */
  readonly done: Promise<void>
  readonly #controller = new AbortController()
  readonly #closers: (() => unknown)[] = []
  readonly #tasks = new Set<Promise<void>>()
  readonly #settle: { resolve: () => void; reject: (error: unknown) => void }
  readonly #detach: () => void
  #failure: { error: unknown } | undefined
  #closing: Promise<void> | undefined

  constructor(name: string, { signal }: { signal?: AbortSignal } = {}) {
    this.name = name
    this.signal = this.#controller.signal
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.done = promise
    this.done.catch(() => {})
    this.#settle = { resolve, reject }
    const abort = () => this.#controller.abort(signal?.reason)
    if (signal?.aborted === true) abort()
    signal?.addEventListener('abort', abort, { once: true })
    this.#detach = () => signal?.removeEventListener('abort', abort)
  }

  /** Takes ownership of `resource` and gives it back. */
  use<T extends Closable>(resource: T): T {
    this.defer(() =>
      Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose](),
    )
    return resource
  }

  /** Runs `close` when the scope ends. A scope that is closing already takes nothing new: that is a bug. */
  defer(close: () => unknown): void {
    if (this.#closing !== undefined) throw new Error(`scope ${this.name} is closed`)
    this.#closers.push(close)
  }

  /**
   * Runs a background task under the scope's signal. When it fails for another reason than the end of the scope,
   * the scope is aborted and `done` rejects with the failure. Closing waits for the task.
   */
  run(task: (signal: AbortSignal) => Promise<void>): void {
    const running = task(this.signal)
      .catch((error: unknown) => {
        if (this.signal.aborted && isAbort(error, this.signal)) return
        this.#failure ??= { error }
        this.#controller.abort(error)
        void this.close()
      })
      .finally(() => this.#tasks.delete(running))
    this.#tasks.add(running)
  }

  /** Resolves when the scope is asked to end; rejects with the failure of a task that ended it. */
  async untilAborted(): Promise<void> {
    if (!this.signal.aborted) {
      await new Promise((resolve) => this.signal.addEventListener('abort', resolve, { once: true }))
    }
    if (this.#failure !== undefined) throw this.#failure.error
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#detach()
    this.#controller.abort(new DOMException(`scope ${this.name} closed`, 'AbortError'))
    // Yield once: a task that failed must be out of #tasks' await chain before it is waited for.
    await Promise.resolve()
    const errors: unknown[] = []
    await Promise.allSettled([...this.#tasks])
    for (const close of this.#closers.splice(0).reverse()) {
      try {
        await close()
      } catch (error) {
        errors.push(error)
      }
    }
    const failure = errors.length === 0 ? undefined : new AggregateError(errors, `closing ${this.name}`)
    if (this.#failure !== undefined) this.#settle.reject(this.#failure.error)
    else if (failure !== undefined) this.#settle.reject(failure)
    else this.#settle.resolve()
    if (failure !== undefined) throw failure
  }
}
