export { type OperatorConfig, operatorOptions } from './config.ts'
export { createOperatorMetrics, type OperatorMetrics } from './metrics.ts'
export { startReflectors } from './reflectors.ts'
export { createTables, type OperatorTables } from './tables.ts'
