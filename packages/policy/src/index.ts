export { collectPolicyCidrs, policyCidrs } from './compile.ts'
export {
  createPolicyController,
  type PolicyController,
  type PolicyControllerOptions,
  type PolicyRun,
} from './controller.ts'
export { explainVerdict, matchingEntries, type Verdict } from './explain.ts'
export { policyErrors, type ResolvedPolicy, resolvePolicy } from './resolve.ts'
export { createEndpointPolicyTable, createPolicyErrorTable, createPrefixIdentityTable } from './tables.ts'
export {
  type EndpointPolicyRow,
  type PolicyDirection,
  type PolicyEntry,
  type PolicyErrorRow,
  type PrefixIdentityRow,
  policyEntryKey,
  policyErrorKey,
} from './types.ts'
