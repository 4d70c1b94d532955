export { identityUsage } from './identity-acquisition.ts'
export {
  createIdentityAllocator,
  type IdentityAllocator,
  type IdentityAllocatorOptions,
} from './identity-allocator.ts'
export { IdentitiesExhaustedError, IdentityAllocationError } from './identity-errors.ts'
export { type IdentityGcOptions, type IdentityGcRun, runIdentityGc } from './identity-gc.ts'
export {
  createIdentityTable,
  type IdentityTable,
  identityKey,
  startIdentityWatcher,
} from './identity-table.ts'
export { createIpTable, ipEntryOf, startIpWatcher } from './ip-entries.ts'
export { createNodeRowTable, type NodeSource, nodeEntryOf, startNodeWatcher } from './node-entries.ts'
export {
  createKnownNodeTable,
  createStoredNodeTable,
  type KnownNode,
  type NodeCorrection,
  type StoredNodeEntry,
  startNodeHandover,
  startStoredNodeWatcher,
} from './node-handover.ts'
export {
  operatorIntervalsKey,
  type PublishedIntervals,
  publishOperatorIntervals,
} from './operator-intervals.ts'
export { identityPaths, ipPrefix, nodePrefix } from './paths.ts'
export {
  createSharedStore,
  type SharedEntry,
  type SharedStore,
  type SharedStoreOptions,
} from './shared-store.ts'
