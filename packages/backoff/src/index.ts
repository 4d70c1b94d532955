export { clusterSizeInterval } from './cluster-size.ts'
export {
  type AdaptivePeriod,
  type DeclaredInterval,
  type DeclaredIntervals,
  describeIntervals,
  type IntervalGrowth,
  type IntervalRow,
} from './intervals.ts'
export { createPace, type Pace } from './pace.ts'
export { jitteredPeriod, type Period } from './period.ts'
export { nextDelayMs, type RetryPolicy, retry, retryAfterMsOf, retryDelays } from './retry.ts'
export { sharedIntervals } from './shared-intervals.ts'
export { type Spread, spreadDelayMs, spreadWidthMs } from './spread.ts'
