export { type HealthAnswer, startMetricsServer } from './metrics-server.ts'
export { processOptions, runProcess } from './run-process.ts'
