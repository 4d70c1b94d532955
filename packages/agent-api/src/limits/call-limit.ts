/** The calls that are held back: they cost the node's kernel and the agent's memory, others read tables. */
export const limitedCalls = ['endpoint-create', 'endpoint-delete', 'endpoint-verify'] as const

/** `endpoint-create`: CNI ADD; `endpoint-delete`: CNI DEL and GC; `endpoint-verify`: `axo bpf template verify`. */
export type LimitedCall = (typeof limitedCalls)[number]

/** How much of one call is served. In each field 0 is no limit. */
export type CallLimit = Readonly<{
  /** Calls begun in a second, in the long run. */
  ratePerSecond: number
  /** Calls begun at once after a pause; at least 1. Without a rate it means nothing. */
  rateBurst: number
  /** Calls served at the same time; the others wait in order of arrival. */
  parallelRequests: number
  /** How long a call waits for its turn before it is refused. */
  maxWaitMs: number
}>

export type CallLimits = Readonly<Record<LimitedCall, CallLimit>>

/**
 * Far above what a node's kernel carries out, so that they hold back only a caller that runs wild: a node that fills up
 * at once (kubelets have 110 pods by default, some 500) has its whole burst, and a pod more waits for its turn in order,
 * where all together would wait until all have timed out. Verifying loads every program of the node once more.
 */
export const defaultCallLimits: CallLimits = {
  'endpoint-create': { ratePerSecond: 100, rateBurst: 500, parallelRequests: 128, maxWaitMs: 20_000 },
  'endpoint-delete': { ratePerSecond: 100, rateBurst: 500, parallelRequests: 128, maxWaitMs: 20_000 },
  'endpoint-verify': { ratePerSecond: 0, rateBurst: 1, parallelRequests: 1, maxWaitMs: 60_000 },
}
