/** Longer than anything takes that ends at all. */
const patienceMs = 60_000

/** What `promise` gives. Rejects by name where that does not come: a test that times out says nothing. */
export async function within<T>(promise: Promise<T>, whatFailed: () => string): Promise<T> {
  const overdue = Promise.withResolvers<never>()
  const timer = setTimeout(() => overdue.reject(new Error(whatFailed())), patienceMs)
  try {
    return await Promise.race([promise, overdue.promise])
  } finally {
    clearTimeout(timer)
  }
}
