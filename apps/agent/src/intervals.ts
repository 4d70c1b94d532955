import { type DeclaredIntervals, sharedIntervals } from '@axoneme/backoff'

/**
 * Everything that the agent does again and again, or waits with, in one place: `axo status --intervals` prints it.
 * Nothing in a cluster may run in step, so all of it has jitter; what touches the apiserver or the kvstore from every
 * node grows with the cluster.
 */
export const agentIntervals = {
  ...sharedIntervals,
  bootstrapStep: {
    does: 'try a step of the start again that failed',
    retry: { minMs: 500, maxMs: 30_000, jitter: 'decorrelated' },
  },
  restartTurn: {
    does: 'begin to call the apiserver and the kvstore after a restart; at once when a pod waits, or on a new node',
    spread: { perNodeMs: 5, maxMs: 30_000 },
  },
  staleKeyRemoval: {
    does: 'try again to remove a key of an earlier run',
    retry: { minMs: 500, maxMs: 60_000, jitter: 'decorrelated' },
  },
  ciliumNodeWrite: {
    does: 'write the CiliumNode of this node at most',
    period: { baseMs: 2_000, jitter: 0.5, growsWithCluster: true },
  },
  ciliumNodeRetry: {
    does: 'try again to write the CiliumNode of this node',
    retry: { minMs: 500, maxMs: 60_000, jitter: 'decorrelated' },
  },
  ciliumEndpointWrite: {
    does: 'write one CiliumEndpoint after the other',
    period: { baseMs: 200, jitter: 0.5, growsWithCluster: true },
  },
  ciliumEndpointRetry: {
    does: 'try again to write a CiliumEndpoint',
    retry: { minMs: 1_000, maxMs: 300_000, jitter: 'decorrelated' },
  },
  ciliumEndpointCheck: {
    does: 'compare one CiliumEndpoint of this node with the apiserver',
    period: { baseMs: 60_000, jitter: 0.5, growsWithCluster: true },
  },
} as const satisfies DeclaredIntervals

/** How long an ADD that failed waits for what it had made to be gone. */
export const cniUndoPatienceMs = 5_000
