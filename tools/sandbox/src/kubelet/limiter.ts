/** Runs at most `limit` tasks at a time, first come first served. */
export function createLimiter(limit: number): <T>(task: () => Promise<T>) => Promise<T> {
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
