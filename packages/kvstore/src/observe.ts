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

export type Observe = (event: KvOperationEvent) => void

/** `cilium/state/identities/v1/id/7` -> `identities/v1`: the elements that Cilium's metrics have as scope. */
export function scopeOf(key: string): string {
  const [, , kind, version] = key.split('/', 5)
  if (kind === undefined || version === undefined) return key.slice(0, 12)
  return `${kind}/${version}`
}
