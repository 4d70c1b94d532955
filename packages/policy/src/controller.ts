import { type EndpointRow, endpointKey } from '@axoneme/endpoint'
import { type IdentityId, type IdentityRow, reservedIdentity } from '@axoneme/identity'
import type { SlimNetworkPolicy } from '@axoneme/slim-types'
import { derive, type Table, type WritableTable } from '@axoneme/tables'
import { policyErrors, type ResolvedPolicy, resolvePolicy } from './resolve.ts'
import type { EndpointPolicyRow, PolicyErrorRow, PrefixIdentityRow } from './types.ts'

export type PolicyControllerOptions = Readonly<{
  endpoints: Table<EndpointRow>
  identities: Table<IdentityRow>
  policies: Table<SlimNetworkPolicy>
  prefixIdentities: Table<PrefixIdentityRow>
  output: WritableTable<EndpointPolicyRow>
  errors: WritableTable<PolicyErrorRow>
}>

export type PolicyController = {
  /** Follows the inputs until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

/**
 * [endpoints] x [identities] x [policies] x [prefix-identities] -> [endpoint-policies], [policy-errors]. Writes
 * nothing before all inputs are complete, so a restart never writes an emptier policy. An endpoint whose identity is
 * not known yet keeps the row that it has.
 */
export function createPolicyController(options: PolicyControllerOptions): PolicyController {
  const { endpoints, identities, policies, prefixIdentities, output, errors } = options
  const recompute = () => {
    const resolved = new Map<IdentityId, ResolvedPolicy>()
    const rows: EndpointPolicyRow[] = []
    for (const { id: endpointId, identity } of endpoints.rows()) {
      const labels = identities.get(String(identity))?.labels
      const known = output.get(endpointKey(endpointId))
      if (labels === undefined || identity === reservedIdentity.unknown) {
        if (known !== undefined) rows.push(known)
        continue
      }
      let policy = resolved.get(identity)
      if (policy === undefined) {
        policy = resolvePolicy({
          labels,
          identities: identities.rows(),
          policies: policies.rows(),
          prefixIdentities: prefixIdentities.rows(),
        })
        resolved.set(identity, policy)
      }
      rows.push({ endpointId, identity, ...policy })
    }
    output.replaceAll(rows)
    errors.replaceAll(policyErrors(policies.rows()))
    output.markInitialized()
    errors.markInitialized()
  }
  return {
    run: (signal) =>
      derive({ sources: [endpoints, identities, policies, prefixIdentities], recompute, signal }),
  }
}
