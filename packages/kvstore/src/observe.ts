/** One finished call, for histograms. Names and labels follow Cilium's kvstore_operations_duration_seconds. */
export type KvOperationEvent = Readonly<{
  operation: string
  kind: 'read' | 'set' | 'delete' | 'lock' | 'lease'
  /** Two path elements that say what kind of data it is: `identities/v1`. */
  scope: string
  outcome: 'success' | 'fail' | 'aborted'
  /** Without the time in the queue. */
  durationMs: number
  /** Time that the rate limit held the call back. */
  queuedMs: number
}>

/** One change that a watch told of. What a listing gave is none. Labels follow Cilium's kvstore_events_queue_seconds. */
export type KvWatchEvent = Readonly<{
  scope: string
  action: 'upsert' | 'delete'
  /** From its arrival until the reader was ready for it. */
  queuedMs: number
}>

export type ObserveWatch = (event: KvWatchEvent) => void

export type Observe = (event: KvOperationEvent) => void

/** `cilium/state/identities/v1/id/7` -> `identities/v1`: the elements that Cilium's metrics have as scope. */
export function scopeOf(key: string): string {
  const [, , kind, version] = key.split('/', 5)
  if (kind === undefined || version === undefined) return key.slice(0, 12)
  return `${kind}/${version}`
}
