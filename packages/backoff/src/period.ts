import { clusterSizeInterval } from './cluster-size.ts'

/** Something that happens again and again. */
export type Period = Readonly<{
  baseMs: number
  /** Share of the period that is drawn at random, 0 to 1; nothing in a cluster may run in step. */
  jitter: number
  /** Whether the period grows with the logarithm of the number of nodes. */
  growsWithCluster?: boolean
}>

/** The time until the next run, drawn from [1 - jitter, 1 + jitter] times the period. */
export function jitteredPeriod(
  period: Period,
  { nodeCount = 0, random = Math.random }: { nodeCount?: number; random?: () => number } = {},
): number {
  const meanMs =
    period.growsWithCluster === true ? clusterSizeInterval(period.baseMs, nodeCount) : period.baseMs
  return meanMs * (1 + period.jitter * (2 * random() - 1))
}
