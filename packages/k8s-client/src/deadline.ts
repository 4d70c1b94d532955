/** One signal that aborts when the caller's does, or when the time is over. */
export type Deadline = Disposable & {
  readonly signal: AbortSignal
  /** Whether it was the time that ended it. */
  readonly timedOut: boolean
  /** Stops the clock; the caller's signal stays connected. */
  stopClock(): void
}

export function startDeadline(timeoutMs: number, signal: AbortSignal | undefined): Deadline {
  const controller = new AbortController()
  let timedOut = false
  const onAbort = () => controller.abort(signal?.reason)
  const timer = setTimeout(() => {
    timedOut = true
    controller.abort(new DOMException(`no answer within ${timeoutMs} ms`, 'TimeoutError'))
  }, timeoutMs)
  if (signal?.aborted === true) onAbort()
  else signal?.addEventListener('abort', onAbort, { once: true })
  return {
    signal: controller.signal,
    get timedOut() {
      return timedOut
    },
    stopClock: () => clearTimeout(timer),
    [Symbol.dispose]() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    },
  }
}
