/** Runs the task when it is its turn, and settles as the task does. */
export type Limiter = <T>(task: () => Promise<T>) => Promise<T>

/** Runs at most `limit` tasks at a time, first come first served. */
export function createLimiter(limit: number): Limiter {
  let running = 0
  const waiting: (() => void)[] = []
  return async (task) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      return await task()
    } finally {
      // A place that is passed on stays counted.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
