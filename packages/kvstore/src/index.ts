export type { CallOptions, KvEntry, KvEvent, KvLock, KvStatus, Kvstore } from './types.ts'
