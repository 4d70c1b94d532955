export { type OperatorConfig, operatorOptions } from './config.ts'
export { createOperatorMetrics, type OperatorMetrics } from './metrics.ts'
