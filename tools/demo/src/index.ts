export { evaluate, type Verdict } from './oracle/evaluate.ts'
export type { OracleCluster, OraclePod, OraclePolicy } from './oracle/model.ts'
