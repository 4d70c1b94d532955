import type { IntervalRow } from '@axoneme/backoff'
import type { Kvstore } from '@axoneme/kvstore'

/** Ours, beside Cilium's heartbeat: nothing that watches a prefix of `cilium/state` meets it. */
export const operatorIntervalsKey = 'cilium/.axoneme-operator-intervals'

/** What the leading operator says of itself, so that people read at any node what is in effect. */
export type PublishedIntervals = Readonly<{
  /** The process that leads. */
  by: string
  /** When it said so last, ISO 8601. */
  at: string
  intervals: readonly IntervalRow[]
}>

/** Goes with the writer's lease. */
export async function publishOperatorIntervals(
  store: Kvstore,
  published: PublishedIntervals,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  await store.put(operatorIntervalsKey, JSON.stringify(published), { leased: true, signal })
}
