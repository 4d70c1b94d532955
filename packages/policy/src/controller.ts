import type { EndpointRow } from '@axoneme/endpoint'
import type { IdentityRow, LabelFilter } from '@axoneme/identity'
import type { SlimNetworkPolicy } from '@axoneme/slim-types'
import { type Changes, type FollowRun, follow, type Table, type WritableTable } from '@axoneme/tables'
import { IncrementalResolver } from './incremental-resolver.ts'
import {
  type EndpointPolicyRow,
  type PolicyErrorRow,
  type PrefixIdentityRow,
  policyErrorKey,
} from './types.ts'

/** One run of the controller, for metrics. */
export type PolicyRun = FollowRun<'endpoints' | 'identities' | 'policies' | 'prefixIdentities'> &
  Readonly<{
    /** Endpoints whose policy came out new or different. */
    computed: number
    /** Parts of policies that were found not to be applicable. */
    refused: number
    /** Of the whole, the time that computing the endpoints' policies took. */
    calculationMs: number
  }>

export type PolicyControllerOptions = Readonly<{
  endpoints: Table<EndpointRow>
  identities: Table<IdentityRow>
  policies: Table<SlimNetworkPolicy>
  prefixIdentities: Table<PrefixIdentityRow>
  output: WritableTable<EndpointPolicyRow>
  errors: WritableTable<PolicyErrorRow>
  observe?: (run: PolicyRun) => void
  /** Which labels make identities; Cilium's default without it. */
  isIdentityLabel?: LabelFilter
}>

export type PolicyController = {
  /** Follows the inputs until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

type Inputs = {
  endpoints: EndpointRow
  identities: IdentityRow
  policies: SlimNetworkPolicy
  prefixIdentities: PrefixIdentityRow
}

/**
 * [endpoints] x [identities] x [policies] x [prefix-identities] -> [endpoint-policies], [policy-errors]. Writes
 * nothing before all inputs are complete, so a restart never writes an emptier policy. An endpoint whose identity is
 * not known yet keeps the row that it has.
 */
export function createPolicyController(options: PolicyControllerOptions): PolicyController {
  const { endpoints, identities, policies, prefixIdentities, output, errors, observe } = options
  const resolver = new IncrementalResolver(options.isIdentityLabel)
  const errorKeysOf = new Map<string, readonly string[]>()
  let counts = { computed: 0, refused: 0, calculationMs: 0 }

  const report = (policy: string, rows: readonly PolicyErrorRow[]) => {
    const keys = rows.map(policyErrorKey)
    for (const key of errorKeysOf.get(policy) ?? []) if (!keys.includes(key)) errors.delete(key)
    for (const row of rows) errors.upsert(row)
    counts.refused += rows.length
    if (keys.length === 0) errorKeysOf.delete(policy)
    else errorKeysOf.set(policy, keys)
  }

  const apply = (changes: Changes<Inputs>) => {
    counts = { computed: 0, refused: 0, calculationMs: 0 }
    for (const { kind, row } of changes.prefixIdentities) {
      resolver.setPrefix(row.prefix, kind === 'delete' ? undefined : row.identity)
    }
    for (const { kind, row } of changes.identities) {
      if (kind === 'delete') resolver.deleteIdentity(row.id)
      else resolver.setIdentity(row.id, row.labels)
    }
    for (const { kind, key, row } of changes.policies) {
      if (kind === 'upsert') report(key, resolver.setPolicy(row))
      else {
        resolver.deletePolicy(key)
        report(key, [])
      }
    }
    for (const { kind, key, row } of changes.endpoints) {
      if (kind === 'upsert') resolver.setEndpoint(row.id, row.identity)
      else {
        resolver.deleteEndpoint(row.id)
        output.delete(key)
      }
    }
    const startedMs = performance.now()
    const rows = resolver.flush()
    counts.calculationMs = performance.now() - startedMs
    counts.computed = rows.length
    for (const row of rows) output.upsert(row)
    output.markInitialized()
    errors.markInitialized()
  }
  return {
    run: (signal) =>
      follow<Inputs>({
        sources: { endpoints, identities, policies, prefixIdentities },
        apply,
        signal,
        observe: (run) => observe?.({ ...run, ...counts }),
      }),
  }
}
