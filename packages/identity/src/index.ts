export {
  clusterIdentityRange,
  type IdentityId,
  type IdentityRow,
  localIdentityRange,
  reservedIdentity,
} from './types.ts'
