export { clusterSizeInterval } from './cluster-size.ts'
export { jitteredPeriod, type Period } from './period.ts'
export { nextDelayMs, type RetryPolicy, retry, retryDelays } from './retry.ts'
