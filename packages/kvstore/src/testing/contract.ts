import { bulkCases } from './contract-bulk.ts'
import { dataCases } from './contract-data.ts'
import type { ContractCase } from './contract-harness.ts'
import { leaseCases } from './contract-lease.ts'
import { lockCases } from './contract-lock.ts'
import { watchCases } from './contract-watch.ts'

/** What every backend must do. Independent of a test runner: a case passes when it resolves. */
export const contractCases: readonly ContractCase[] = [
  ...dataCases,
  ...bulkCases,
  ...watchCases,
  ...leaseCases,
  ...lockCases,
]
