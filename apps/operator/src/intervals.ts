import type { DeclaredIntervals, Period } from '@axoneme/backoff'

/**
 * Everything that the operator does again and again, or waits with, in one place; `axo status --intervals` prints it.
 * Those with an option have its default here: `intervalsInEffect` has the option's value as `baseMs`. Only one process
 * of a cluster does any of it (or, leader-election, a handful), so none grows with the cluster.
 */
export const operatorIntervals = {
  leaderElection: {
    does: 'look at the lease, or renew it (option leader-election-retry-period)',
    period: { baseMs: 2_000, jitter: 0.2 },
  },
  kvstoreHeartbeat: {
    does: 'write the time to the kvstore',
    period: { baseMs: 60_000, jitter: 0.1 },
  },
  identityGc: {
    does: 'collect identities, sooner when they are made fast (option identity-gc-interval)',
    period: { baseMs: 600_000, jitter: 0.2 },
  },
  endpointGc: {
    does: 'look for CiliumEndpoints without a pod (option cilium-endpoint-gc-interval)',
    period: { baseMs: 300_000, jitter: 0.2 },
  },
  endpointRemoval: {
    does: 'remove one CiliumEndpoint without a pod after the other',
    period: { baseMs: 50, jitter: 0.5 },
  },
  intervalPublication: {
    does: 'say in the kvstore which intervals are in effect, for axo status --intervals',
    period: { baseMs: 60_000, jitter: 0.1 },
  },
  customResources: {
    does: 'try again until the apiserver took, or serves, the custom resources',
    retry: { minMs: 200, maxMs: 10_000 },
  },
} as const satisfies DeclaredIntervals

/** Those options of the operator that are intervals, in ms. */
export type IntervalOptions = Readonly<{
  leaderElectionRetryPeriod: number
  identityGcInterval: number
  /** 0: never. */
  ciliumEndpointGcInterval: number
}>

export const leaderElectionPeriod = (options: IntervalOptions): Period =>
  withBase(operatorIntervals.leaderElection.period, options.leaderElectionRetryPeriod)

export const identityGcPeriod = (options: IntervalOptions): Period =>
  withBase(operatorIntervals.identityGc.period, options.identityGcInterval)

export const endpointGcPeriod = (options: IntervalOptions): Period =>
  withBase(operatorIntervals.endpointGc.period, options.ciliumEndpointGcInterval)

/** The table with the values of the options, without what they switch off. */
export function intervalsInEffect(options: IntervalOptions): DeclaredIntervals {
  const { leaderElection, identityGc, endpointGc } = operatorIntervals
  const all: DeclaredIntervals = {
    ...operatorIntervals,
    leaderElection: { ...leaderElection, period: leaderElectionPeriod(options) },
    identityGc: { ...identityGc, period: identityGcPeriod(options) },
    endpointGc: { ...endpointGc, period: endpointGcPeriod(options) },
  }
  const off = options.ciliumEndpointGcInterval === 0 ? ['endpointGc', 'endpointRemoval'] : []
  return Object.fromEntries(Object.entries(all).filter(([name]) => !off.includes(name)))
}

function withBase(period: Period, baseMs: number): Period {
  return { ...period, baseMs }
}

/** How long a leader that ends tries to give its lease back. */
export const leaseReleasePatienceMs = 2_000
