/** Options of every call: a wait never outlives its signal. */
export type CallOptions = { signal?: AbortSignal | undefined }

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
 */
export type KvEvent =
  | Readonly<{ kind: 'upsert'; entry: KvEntry }>
  | Readonly<{ kind: 'delete'; key: string; modRevision: number }>
  | Readonly<{ kind: 'synced' }>

/** A held lock. It ends with the session's lease; `assertHeld` and fenced writes fail then. */
export type KvLock = AsyncDisposable & {
  readonly path: string
  /** Create-only write that succeeds only while this lock is held. False when the key exists. */
  createOnly(key: string, value: string, options?: CallOptions & { leased?: boolean }): Promise<boolean>
  release(): Promise<void>
}

export type KvStatus = Readonly<{
  backend: 'etcd' | 'embedded'
  connected: boolean
  /** For people: endpoints, versions, last error. */
  detail: string
  leaseId: string
}>

/** One key-value contract; the backends are held to one suite (`./testing`). Errors are KvstoreErrors. */
export type Kvstore = AsyncDisposable & {
  get(key: string, options?: CallOptions): Promise<KvEntry | undefined>
  listPrefix(prefix: string, options?: CallOptions): Promise<KvEntry[]>
  /** Writes the key. `leased` binds it to this client's lease: it goes when the client is gone for the lease's time. */
  put(key: string, value: string, options?: CallOptions & { leased?: boolean }): Promise<void>
  /** False when the key exists. */
  createOnly(key: string, value: string, options?: CallOptions & { leased?: boolean }): Promise<boolean>
  /** False when the key's modRevision is not `modRevision` (0: the key must not exist). */
  compareAndSwap(
    key: string,
    value: string,
    modRevision: number,
    options?: CallOptions & { leased?: boolean },
  ): Promise<boolean>
  /** False when there was no such key. */
  delete(key: string, options?: CallOptions): Promise<boolean>
  /** Deletes only while the key still has `modRevision`. */
  compareAndDelete(key: string, modRevision: number, options?: CallOptions): Promise<boolean>
  deletePrefix(prefix: string, options?: CallOptions): Promise<number>
  /** Ends when the signal aborts. Survives reconnects, compaction and leader changes. */
  watchPrefix(prefix: string, options: { signal: AbortSignal }): AsyncIterable<KvEvent>
  lock(path: string, options?: CallOptions): Promise<KvLock>
  /** Told each time the lease was lost and a new one made: leased keys must be written again. */
  onLeaseReplaced(listener: () => void): Disposable
  status(): KvStatus
}
