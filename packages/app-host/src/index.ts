export {
  createMetricFamilies,
  type MetricFamilies,
  type Sample,
} from './metrics/families.ts'
export { createK8sMetrics, type K8sMetrics } from './metrics/k8s-metrics.ts'
export { createKvstoreMetrics, type KvstoreMetrics } from './metrics/kvstore-metrics.ts'
export { createProcessMetrics, type ProcessMetrics } from './metrics/process-metrics.ts'
export { type HealthAnswer, startMetricsServer } from './metrics-server.ts'
export { releaseMemory } from './release-memory.ts'
export { processOptions, runProcess } from './run-process.ts'
