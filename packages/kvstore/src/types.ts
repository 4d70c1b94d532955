/** Options of every call: a wait never outlives its signal. */
export type CallOptions = { signal?: AbortSignal | undefined }

/** `leased` binds the key to this client's lease: it goes when the client is gone for the lease's time. */
export type WriteOptions = CallOptions & { leased?: boolean }

export type KvEntry = Readonly<{
  key: string
  value: string
  /** Revision of the last write to this key. */
  modRevision: number
}>

/**
 * What a prefix watch tells. First an `upsert` for each key that exists, then one `synced`, then changes in order and
 * without a gap. After an interruption that lost history the backend lists again: it reports what changed meanwhile,
 * removals included, as ordinary events, so that a reader which applies them all is always equal to the store.
 * Upserts always come in the order of their modRevision, but for what comes after `history-lost`.
 */
export type KvEvent =
  | Readonly<{ kind: 'upsert'; entry: KvEntry }>
  | Readonly<{ kind: 'delete'; key: string; modRevision: number }>
  /** What was told so far is the state as of this revision. */
  | Readonly<{ kind: 'synced'; revision: number }>
  /**
   * The store was set up anew or restored, as far as can be told: its revisions start again. Every entry that exists
   * follows as an upsert, then changes; what does not exist any more is deleted as `keepLost` says.
   */
  | Readonly<{ kind: 'history-lost' }>

/** What happened to one key. */
export type KvChange = Extract<KvEvent, { kind: 'upsert' | 'delete' }>

/**
 * For how long entries that a store lost with its history are not reported as deleted. Their owners put them back, and
 * a reader that believed the loss would forget for those seconds what still holds.
 */
export type KeepLost = Readonly<{
  /** Deleted when none of them came back for this long, */
  quietMs: number
  /** and at the latest after this time; both count only while the store answers. */
  maxMs: number
}>

/** What must hold at the instant of a commit. */
export type KvCondition =
  | Readonly<{ kind: 'absent'; key: string }>
  | Readonly<{ kind: 'unchanged'; key: string; modRevision: number }>
  | Readonly<{ kind: 'value'; key: string; value: string }>
  /** No key starts with `prefix`. */
  | Readonly<{ kind: 'prefix-empty'; prefix: string }>

export type KvWrite =
  | Readonly<{ kind: 'put'; key: string; value: string; leased?: boolean }>
  | Readonly<{ kind: 'delete'; key: string }>

/** Writes of distinct keys that happen together, and only if all conditions hold. */
export type KvCommit = Readonly<{ conditions: readonly KvCondition[]; writes: readonly KvWrite[] }>

/**
 * A held lock. It ends with its own lease, which the holder keeps alive; writes through it are fenced: they fail with
 * KVSTORE_LOCK_LOST once the lock is no longer held, so that a holder which was away for too long does no harm.
 */
export type KvLock = AsyncDisposable & {
  readonly path: string
  /** Rejects with KVSTORE_LOCK_LOST when the store says that the lock is no longer held. */
  assertHeld(options?: CallOptions): Promise<void>
  /** Create-only write that succeeds only while this lock is held. False when the key exists. */
  createOnly(key: string, value: string, options?: WriteOptions): Promise<boolean>
  /** Like the store's `commit`, only while this lock is held. */
  commit(commit: KvCommit, options?: CallOptions): Promise<boolean>
  /** Never rejects: a lock that cannot be released now goes with its lease, at most 25 s later. */
  release(): Promise<void>
}

export type KvStatus = Readonly<{
  backend: 'etcd' | 'embedded'
  connected: boolean
  /** For people: endpoints, versions, last error. */
  detail: string
  /** Empty while there is no lease. */
  leaseId: string
}>

/** Without `keepLost` what a store lost with its history is deleted at once: for owners, who put it back. */
export type WatchOptions = Readonly<{ signal: AbortSignal; keepLost?: KeepLost | undefined }>

/** One key-value contract; the backends are held to one suite (`./testing`). Errors are KvstoreErrors. */
export type Kvstore = AsyncDisposable & {
  get(key: string, options?: CallOptions): Promise<KvEntry | undefined>
  /**
   * All entries under `prefix` as of one revision, in no promised order. `createdAfter` leaves out keys that were
   * created at that revision or before.
   */
  listPrefix(prefix: string, options?: CallOptions & { createdAfter?: number }): Promise<KvEntry[]>
  put(key: string, value: string, options?: WriteOptions): Promise<void>
  /** False when the key exists. */
  createOnly(key: string, value: string, options?: WriteOptions): Promise<boolean>
  /** False when the key's modRevision is not `modRevision` (0: the key must not exist). */
  compareAndSwap(key: string, value: string, modRevision: number, options?: WriteOptions): Promise<boolean>
  /** False when there was no such key. */
  delete(key: string, options?: CallOptions): Promise<boolean>
  /** Deletes only while the key still has `modRevision`. */
  compareAndDelete(key: string, modRevision: number, options?: CallOptions): Promise<boolean>
  /** How many keys were deleted. */
  deletePrefix(prefix: string, options?: CallOptions): Promise<number>
  /** All writes at once if every condition holds; false, and nothing written, otherwise. */
  commit(commit: KvCommit, options?: CallOptions): Promise<boolean>
  /** Ends when the signal aborts or the store is closed. Survives reconnects, compaction and leader changes. */
  watchPrefix(prefix: string, options: WatchOptions): AsyncIterable<KvEvent>
  /** Waits in line for the lock. */
  lock(path: string, options?: CallOptions): Promise<KvLock>
  /** Undefined when somebody else holds the lock or waits for it. */
  tryLock(path: string, options?: CallOptions): Promise<KvLock | undefined>
  /** Told each time the lease was lost and a new one made: leased keys must be written again. */
  onLeaseReplaced(listener: () => void): Disposable
  status(): KvStatus
}
