export { startHeartbeats } from './apiserver/heartbeats.ts'
export { runScale, type ScaleOptions, type ScaleReport } from './run/scale.ts'
export { runStorm, type Storm, type StormOptions, type StormReport } from './run/storm.ts'
