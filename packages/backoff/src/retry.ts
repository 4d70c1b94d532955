import { isRetryable, sleep } from '@axoneme/lifecycle'

/**
 * How long to wait between attempts. `full` jitter draws uniformly from (0, ceiling], the ceiling doubling with each
 * attempt; `decorrelated` draws from [minMs, 3 * previous delay]. Both start spread out, so that many clients that
 * failed together do not come back together. (AWS Architecture Blog, "Exponential Backoff And Jitter".)
 */
export type RetryPolicy = Readonly<{
  minMs: number
  maxMs: number
  factor?: number
  jitter?: 'full' | 'decorrelated'
  /** Give up after this many attempts; without it, never. */
  maxAttempts?: number
}>

/** The delay before attempt `attempt` (the first retry is 1), given the delay before it. */
export function nextDelayMs(
  policy: RetryPolicy,
  { attempt, previousMs, random }: { attempt: number; previousMs: number; random: () => number },
): number {
  const { minMs, maxMs, factor = 2, jitter = 'full' } = policy
  if (jitter === 'decorrelated') {
    const ceiling = Math.min(maxMs, Math.max(minMs, previousMs) * 3)
    return minMs + random() * Math.max(0, ceiling - minMs)
  }
  const ceiling = Math.min(maxMs, minMs * factor ** Math.min(attempt, 64))
  // Never zero: a busy loop is what backing off is there to prevent.
  return Math.max(1, random() * ceiling)
}

/** Yields the attempt's number (0 first) at once, then after each delay. Rejects when `signal` aborts. */
export async function* retryDelays({
  signal,
  random = Math.random,
  ...policy
}: RetryPolicy & { signal?: AbortSignal | undefined; random?: () => number }): AsyncGenerator<number> {
  let previousMs = policy.minMs
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted()
    if (attempt > 0) {
      previousMs = nextDelayMs(policy, { attempt, previousMs, random })
      await sleep(previousMs, { signal })
    }
    yield attempt
    if (policy.maxAttempts !== undefined && attempt + 1 >= policy.maxAttempts) return
  }
}

/**
 * Calls `operation` until it succeeds, fails for good, or `signal` aborts. Only errors that `shouldRetry` accepts
 * (default: those that say a retry helps) are tried again; `onRetry` sees each of them. A failure's own
 * `retryAfterMs` (an apiserver's Retry-After) is waited for in addition.
 */
export async function retry<T>(
  operation: (attempt: number) => Promise<T>,
  options: RetryPolicy & {
    signal?: AbortSignal | undefined
    random?: () => number
    shouldRetry?: (error: unknown) => boolean
    onRetry?: (error: unknown, attempt: number) => void
  },
): Promise<T> {
  const { shouldRetry = isRetryable, onRetry, ...delays } = options
  let last: unknown
  for await (const attempt of retryDelays(delays)) {
    try {
      return await operation(attempt)
    } catch (error) {
      options.signal?.throwIfAborted()
      if (!shouldRetry(error)) throw error
      last = error
      onRetry?.(error, attempt)
      const afterMs = retryAfterMsOf(error)
      const isLast = options.maxAttempts !== undefined && attempt + 1 >= options.maxAttempts
      if (afterMs > 0 && !isLast) await sleep(afterMs, { signal: options.signal })
    }
  }
  throw last
}

/** How long a failure says that its server wants to be left alone (Retry-After); 0 when it does not say. */
export function retryAfterMsOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('retryAfterMs' in error)) return 0
  return typeof error.retryAfterMs === 'number' ? error.retryAfterMs : 0
}
