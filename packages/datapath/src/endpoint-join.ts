import { type EndpointRow, endpointKey } from '@axoneme/endpoint'
import type { EndpointPolicyRow } from '@axoneme/policy'
import { createTable, follow, type Table, type WritableTable } from '@axoneme/tables'
import type { EndpointDatapathRow } from './types.ts'

export function createEndpointDatapathTable(): WritableTable<EndpointDatapathRow> {
  return createTable<EndpointDatapathRow>({
    name: 'endpoint-datapaths',
    key: (row) => endpointKey(row.endpoint.id),
    equals: (a, b) => a.endpoint === b.endpoint && a.policy === b.policy,
  })
}

/**
 * [endpoints] x [endpoint-policies] -> [endpoint-datapaths]: an endpoint is realised only together with the policy
 * of its identity. While a new identity's policy is being computed the old pair stays, so that the datapath never
 * enforces one identity's policy on another.
 */
export async function joinEndpointsAndPolicies({
  endpoints,
  policies,
  output,
  signal,
}: {
  endpoints: Table<EndpointRow>
  policies: Table<EndpointPolicyRow>
  output: WritableTable<EndpointDatapathRow>
  signal: AbortSignal
}): Promise<void> {
  const join = (key: string) => {
    const endpoint = endpoints.get(key)
    const policy = policies.get(key)
    if (endpoint === undefined) output.delete(key)
    else if (endpoint.state === 'ready' && policy?.identity === endpoint.identity) {
      output.upsert({ endpoint, policy })
    }
  }
  await follow<{ endpoints: EndpointRow; policies: EndpointPolicyRow }>({
    sources: { endpoints, policies },
    apply(changes) {
      for (const { key } of [...changes.endpoints, ...changes.policies]) join(key)
      output.markInitialized()
    },
    signal,
  })
}
