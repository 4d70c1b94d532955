import { createTable, type WritableTable } from '@axoneme/tables'
import {
  type EndpointPolicyRow,
  type PolicyErrorRow,
  type PrefixIdentityRow,
  policyErrorKey,
} from './types.ts'

/** [endpoint-policies], by endpoint id. */
export function createEndpointPolicyTable(): WritableTable<EndpointPolicyRow> {
  return createTable({ name: 'endpoint-policies', key: (row) => String(row.endpointId) })
}

/** [policy-errors], by policy and field. */
export function createPolicyErrorTable(): WritableTable<PolicyErrorRow> {
  return createTable({
    name: 'policy-errors',
    key: policyErrorKey,
    equals: (a, b) => policyErrorKey(a) === policyErrorKey(b) && a.message === b.message,
  })
}

/** [prefix-identities], by prefix. */
export function createPrefixIdentityTable(): WritableTable<PrefixIdentityRow> {
  return createTable({
    name: 'prefix-identities',
    key: (row) => row.prefix,
    equals: (a, b) => a.prefix === b.prefix && a.identity === b.identity,
  })
}
