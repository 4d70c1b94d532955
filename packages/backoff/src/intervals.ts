import { jitteredPeriod, type Period } from './period.ts'
import type { RetryPolicy } from './retry.ts'
import { type Spread, spreadWidthMs } from './spread.ts'

/** A period that follows what its runs find, between bounds. */
export type AdaptivePeriod = Readonly<{ firstMs: number; minMs: number; maxMs: number; jitter: number }>

/** An interval as a process declares it in its one table of them: what happens then, and when. */
export type DeclaredInterval = Readonly<
  { does: string } & (
    | { period: Period }
    | { retry: RetryPolicy }
    | { spread: Spread }
    | { adaptive: AdaptivePeriod }
  )
>

export type DeclaredIntervals = Readonly<Record<string, DeclaredInterval>>

export type IntervalGrowth = 'none' | 'cluster-size' | 'nodes' | 'exponential' | 'adaptive'

/** A declared interval for people and programs, with the value that it has now. */
export type IntervalRow = Readonly<{
  name: string
  does: string
  baseMs: number
  /**
   * `cluster-size`: base * ln(1 + nodes); `nodes`: base * nodes; `exponential`: doubles, or triples, per failure;
   * `adaptive`: by what it finds.
   */
  growth: IntervalGrowth
  /** Undefined where nothing bounds it but its growth. */
  maxMs?: number
  /** The share of the interval that is drawn at random, either way; or all of it, as the words say. */
  jitter: number | 'full' | 'decorrelated'
  /** What it is in a cluster of this size, before jitter; of retries the first one. */
  currentMs: number
}>

export function describeIntervals(
  intervals: DeclaredIntervals,
  { nodeCount }: { nodeCount: number },
): IntervalRow[] {
  return Object.entries(intervals).map(([key, declared]) => {
    const { does } = declared
    const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    if ('period' in declared) {
      const { baseMs, jitter, growsWithCluster = false } = declared.period
      const currentMs = jitteredPeriod(declared.period, { nodeCount, random: () => 0.5 })
      return { name, does, baseMs, growth: growsWithCluster ? 'cluster-size' : 'none', jitter, currentMs }
    }
    if ('spread' in declared) {
      const { perNodeMs: baseMs, maxMs } = declared.spread
      const currentMs = spreadWidthMs(declared.spread, nodeCount)
      return { name, does, baseMs, growth: 'nodes', maxMs, jitter: 'full', currentMs }
    }
    if ('adaptive' in declared) {
      const { firstMs: baseMs, maxMs, jitter } = declared.adaptive
      return { name, does, baseMs, growth: 'adaptive', maxMs, jitter, currentMs: baseMs }
    }
    const { minMs: baseMs, maxMs, jitter = 'full' } = declared.retry
    return { name, does, baseMs, growth: 'exponential', maxMs, jitter, currentMs: baseMs }
  })
}
