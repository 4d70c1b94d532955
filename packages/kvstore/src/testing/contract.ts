import assert from 'node:assert/strict'
import type { KvEvent, Kvstore } from '../types.ts'

/** How the suite opens clients of one store and disturbs them. */
export type ContractHarness = Readonly<{
  /** A client of its own; the harness closes it after the case. */
  open(options?: { leaseTtlS?: number }): Promise<Kvstore>
  /** Takes the lease away on the store's side. */
  expireLease(leaseId: string): Promise<void>
  /** Forgets the store's history up to now. */
  compact(): Promise<void>
  /** Runs `meanwhile` while no client reaches the store, except those of `outsider`. */
  interrupt(meanwhile: () => Promise<void>): Promise<void>
  signal: AbortSignal
}>

export type ContractCase = Readonly<{ name: string; run: (harness: ContractHarness) => Promise<void> }>
void ({} as KvEvent)
void assert
export const contractCases: readonly ContractCase[] = []
