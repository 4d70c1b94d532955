export { type EndpointPolicyRow, type PolicyDirection, type PolicyEntry, policyEntryKey } from './types.ts'
