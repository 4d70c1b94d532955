import type { KvCondition, KvEntry } from './types.ts'

/**
 * What a backend must bring: one round trip each, without retries. Everything that is a matter of policy (retries,
 * leases that heal, gapless watches, locks, limits) is written once above it. Rejections are KvstoreErrors; KVSTORE_-
 * UNAVAILABLE leaves the outcome of a write open. A call ends at its deadline at the latest.
 */
export type KvTransport = {
  readonly backend: 'etcd' | 'embedded'
  /** For people: where the data is. */
  readonly location: string
  range(request: RangeRequest): Promise<RangeResult>
  transact(request: TransactRequest): Promise<TransactResult>
  grantLease(ttlS: number): Promise<string>
  /** Seconds that are left; 0 when there is no such lease. */
  keepLeaseAlive(leaseId: string): Promise<number>
  /** Deletes the lease's keys. No error when there is no such lease. */
  revokeLease(leaseId: string): Promise<void>
  /**
   * Every change from `fromRevision` on, in order. Rejects with KVSTORE_COMPACTED when that history is gone or is not
   * the one of `historyId`, with KVSTORE_UNAVAILABLE when the connection is lost. Ends when the signal aborts.
   */
  watch(request: WatchRequest): AsyncIterable<WatchBatch>
  close(): void
}

export type StoredEntry = KvEntry & Readonly<{ createRevision: number }>

export type RangeRequest = Readonly<{
  /** Exactly this key, or every key that starts with it. */
  key: string
  prefix: boolean
  /** The state as of this revision; the latest by default. */
  revision?: number
  /** Continue after this key. */
  after?: string
  limit?: number
  minCreateRevision?: number
}>

export type RangeResult = Readonly<{
  entries: readonly StoredEntry[]
  /** Whether `limit` cut the result. */
  more: boolean
  /** The store's revision at the time of the call. */
  revision: number
  /** Revisions can be compared only within one history. */
  historyId: string
}>

export type TransportCondition =
  | KvCondition
  /** The key still is the one that was created at that revision. */
  | Readonly<{ kind: 'created-at'; key: string; createRevision: number }>

export type TransportWrite =
  | Readonly<{ kind: 'put'; key: string; value: string; leaseId?: string | undefined }>
  | Readonly<{ kind: 'delete'; key: string; prefix: boolean }>

export type TransactRequest = Readonly<{
  conditions: readonly TransportCondition[]
  writes: readonly TransportWrite[]
}>

export type TransactResult = Readonly<{ succeeded: boolean; revision: number; deleted: number }>

export type WatchRequest = Readonly<{
  prefix: string
  fromRevision: number
  historyId: string
  signal: AbortSignal
}>

export type WatchChange =
  | Readonly<{ kind: 'upsert'; entry: StoredEntry }>
  | Readonly<{ kind: 'delete'; key: string; modRevision: number }>

export type WatchBatch = Readonly<{
  changes: readonly WatchChange[]
  /** Everything up to this revision was delivered; undefined while a revision is still incomplete. */
  completeRevision: number | undefined
}>
