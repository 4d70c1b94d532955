export { cidrIdentityLabels, cidrLabel } from './cidr-labels.ts'
export { createLabelFilter, isIdentityLabel, type LabelFilter } from './label-filter.ts'
export { formatLabels, parseLabels } from './label-string.ts'
export {
  createLocalIdentityAllocator,
  LocalIdentitiesExhaustedError,
  type LocalIdentityAllocator,
} from './local-allocator.ts'
export { type PodIdentitySource, podIdentityLabels } from './pod-labels.ts'
export { isReservedIdentity, reservedIdentityRows } from './reserved.ts'
export {
  clusterIdentityRange,
  type IdentityId,
  type IdentityRow,
  localIdentityRange,
  reservedIdentity,
} from './types.ts'
