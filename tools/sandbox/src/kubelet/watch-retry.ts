import type { RetryPolicy } from '@axoneme/backoff'

/** The apiserver is on this machine: after a cut it is back soon. */
export const watchRetry: RetryPolicy = { minMs: 50, maxMs: 2_000, jitter: 'decorrelated' }
