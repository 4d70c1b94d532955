export {
  createEmbeddedKvstore,
  createEmbeddedLink,
  createEmbeddedStore,
  type EmbeddedKvstoreOptions,
  type EmbeddedLink,
  type EmbeddedStore,
} from './embedded/index.ts'
export { hasCode, KvstoreError, type KvstoreErrorCode } from './errors.ts'
export type { EtcdCredentialFiles } from './etcd/credential-files.ts'
export type { KvEndpoint } from './etcd/endpoint-state.ts'
export { type EtcdKvstoreOptions, openEtcdKvstore } from './etcd/open.ts'
export { limits } from './limits.ts'
export type { KvOperationEvent, KvWatchEvent, Observe, ObserveWatch } from './observe.ts'
export { etcdOptions, type KvstoreConfig, kvstoreOptions } from './options.ts'
export type { QuorumError } from './quorum.ts'
export { createRateLimiter, type RateLimit, type RateLimiter } from './rate-limiter.ts'
export type {
  CallOptions,
  KeepLost,
  KvCommit,
  KvCondition,
  KvEntry,
  KvEvent,
  KvLock,
  KvStatus,
  Kvstore,
  KvWrite,
  WatchOptions,
  WriteOptions,
} from './types.ts'
