import type { Period, RetryPolicy } from '@axoneme/backoff'

/**
 * Everything that the operator does again and again, in one place. Those with an option have its default here: the
 * option's value replaces `baseMs`. Only one process of a cluster does any of it (or, leader-election, a handful), so
 * none grows with the cluster; retries of single calls grow exponentially.
 */
export const operatorIntervals = {
  /** Followers look at the lease, the leader renews it. Option leader-election-retry-period. */
  leaderElection: { baseMs: 2_000, jitter: 0.2 },
  /** The time is written to the kvstore. */
  kvstoreHeartbeat: { baseMs: 60_000, jitter: 0.1 },
  /** Sooner, down to a tenth, when identities are made fast. Option identity-gc-interval. */
  identityGc: { baseMs: 600_000, jitter: 0.2 },
  /** Option cilium-endpoint-gc-interval. */
  endpointGc: { baseMs: 300_000, jitter: 0.2 },
} as const satisfies Readonly<Record<string, Period>>

export const operatorRetries = {
  /** Until the apiserver took, or serves, the custom resources. */
  customResources: { minMs: 200, maxMs: 10_000 },
} as const satisfies Readonly<Record<string, RetryPolicy>>

/** CiliumEndpoints without a pod that are removed each second at most. */
export const endpointRemovalsPerSecond = 20
