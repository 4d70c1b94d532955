import { jitteredPeriod, nextDelayMs, type Period, sharedIntervals } from '@axoneme/backoff'
import type { KvEvent, Kvstore } from '@axoneme/kvstore'
import { describeError, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { type ReconcileStatus, startReconciler } from '@axoneme/reconciler'
import { createTable, type Table } from '@axoneme/tables'

/** An own entry; keys are without the prefix. */
export type SharedEntry = Readonly<{
  key: string
  value: string
  /** Grows with each reason to look at the entry again. */
  assertion: number
}>

export type SharedStore = AsyncDisposable & {
  /** Wants `value` under `key`, now and until `remove`. */
  set(key: string, value: string): void
  /** Wants the key gone. An entry that somebody else wrote meanwhile is left alone. */
  remove(key: string): void
  has(key: string): boolean
  /** One row per own key and its state. */
  readonly status: Table<ReconcileStatus<SharedEntry>>
  /** Resolves when everything wanted now was written or failed at least once. */
  settled(): Promise<void>
  /** What a watch of the prefix saw; only needed with `watch: false`. */
  observe(event: KvEvent): void
  /** Deletes entries that are not wanted and that `isMine` says are of an earlier life of ours. How many it were. */
  sweep(isMine: (key: string, value: string) => boolean): Promise<number>
}

export type SharedStoreOptions = Readonly<{
  store: Kvstore
  /** Ends with a slash. */
  prefix: string
  log: Logger
  signal: AbortSignal
  random?: () => number
  /** How often each entry is compared with the store; 5 min by default, growing with the cluster. */
  resync?: Period
  /** Number of nodes, for the period. */
  nodeCount?: () => number
  /** False when somebody else who watches the prefix calls `observe`. */
  watch?: boolean
}>

const defaultResync: Period = sharedIntervals.kvstoreResync.period
const retry = sharedIntervals.kvstoreOwnKey.retry
/** Two writers of one key must not overwrite each other as fast as they can. */
const contention = sharedIntervals.kvstoreContendedKey.retry

/**
 * Keeps own entries in the kvstore: bound to the client's lease, repeated with backoff on failure, written again at
 * once when the lease was replaced, put back when somebody deletes or overwrites them, compared from time to time.
 * They stay when this is closed, until the lease ends.
 */
export function createSharedStore(options: SharedStoreOptions): SharedStore {
  return new ReconciledSharedStore(options)
}

class ReconciledSharedStore implements SharedStore {
  readonly #options: SharedStoreOptions
  readonly #entries = createTable<SharedEntry>({ name: 'shared entries', key: (row) => row.key })
  readonly #reconciler
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #lease: Disposable
  readonly #running = new Set<Promise<void>>()
  /** What was written last, and under which lease: only then is comparing enough. */
  readonly #written = new Map<string, { value: string; leaseId: string }>()
  readonly #disturbed = new Map<string, { count: number; atMs: number; pending: boolean }>()

  constructor(options: SharedStoreOptions) {
    this.#options = options
    const { store, prefix, log, watch = true } = options
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal])
    this.#entries.markInitialized()
    this.#reconciler = startReconciler<SharedEntry>({
      name: `shared store ${prefix}`,
      table: this.#entries,
      target: {
        update: (row, signal) => this.#write(row, signal),
        delete: (key, row, signal) => this.#erase(key, row, signal),
      },
      log,
      signal: this.#signal,
      retry,
    })
    this.#lease = store.onLeaseReplaced(() => this.#assertAll())
    this.#run('resync', () => this.#resync())
    if (watch) this.#run('watch', () => this.#watch())
  }

  get status(): Table<ReconcileStatus<SharedEntry>> {
    return this.#reconciler.status
  }

  set(key: string, value: string): void {
    const before = this.#entries.get(key)
    if (before?.value === value) return
    this.#entries.upsert({ key, value, assertion: (before?.assertion ?? 0) + 1 })
  }

  remove(key: string): void {
    this.#disturbed.delete(key)
    this.#entries.delete(key)
  }

  has(key: string): boolean {
    return this.#entries.has(key)
  }

  settled(): Promise<void> {
    return this.#reconciler.settled()
  }

  observe(event: KvEvent): void {
    // A store that lost its history lost the lease as well, which is how all entries come to be written again.
    if (event.kind === 'synced' || event.kind === 'history-lost') return
    const fullKey = event.kind === 'upsert' ? event.entry.key : event.key
    const key = fullKey.slice(this.#options.prefix.length)
    const wanted = this.#entries.get(key)
    if (wanted === undefined || (event.kind === 'upsert' && event.entry.value === wanted.value)) return
    if (this.#disturbed.get(key)?.pending !== true) this.#run('put back', () => this.#putBack(key))
  }

  async sweep(isMine: (key: string, value: string) => boolean): Promise<number> {
    const { store, prefix } = this.#options
    let deleted = 0
    for (const entry of await store.listPrefix(prefix, { signal: this.#signal })) {
      const key = entry.key.slice(prefix.length)
      if (this.#entries.has(key) || !isMine(key, entry.value)) continue
      if (await store.compareAndDelete(entry.key, entry.modRevision, { signal: this.#signal })) deleted++
    }
    return deleted
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lease[Symbol.dispose]()
    this.#stop.abort(new DOMException('shared store closed', 'AbortError'))
    await this.#reconciler[Symbol.asyncDispose]()
    await Promise.all(this.#running)
  }

  async #write({ key, value }: SharedEntry, signal: AbortSignal): Promise<void> {
    const { store, prefix } = this.#options
    const { leaseId } = store.status()
    const last = this.#written.get(key)
    if (last?.value === value && last.leaseId === leaseId) {
      if ((await store.get(prefix + key, { signal }))?.value === value) return
    }
    // Remembered before: a write whose answer is lost may have been done.
    this.#written.set(key, { value, leaseId: '' })
    await store.put(prefix + key, value, { leased: true, signal })
    this.#written.set(key, { value, leaseId })
  }

  async #erase(key: string, { value }: SharedEntry, signal: AbortSignal): Promise<void> {
    const { store, prefix } = this.#options
    // What is wanted, or what was written before that was.
    for (const own of new Set([value, this.#written.get(key)?.value ?? value])) {
      const erased = await store.commit(
        {
          conditions: [{ kind: 'value', key: prefix + key, value: own }],
          writes: [{ kind: 'delete', key: prefix + key }],
        },
        { signal },
      )
      if (erased) break
    }
    this.#written.delete(key)
  }

  #assertAll(): void {
    for (const key of [...this.#entries.keys()]) this.#assert(key)
  }

  #assert(key: string): void {
    const row = this.#entries.get(key)
    if (row !== undefined) this.#entries.upsert({ ...row, assertion: row.assertion + 1 })
  }

  async #putBack(key: string): Promise<void> {
    const { random = Math.random, log } = this.#options
    const nowMs = performance.now()
    const last = this.#disturbed.get(key)
    const recent = last !== undefined && nowMs - last.atMs < 2 * contention.maxMs
    const disturbance = { count: recent ? last.count + 1 : 0, atMs: nowMs, pending: true }
    this.#disturbed.set(key, disturbance)
    if (disturbance.count === 3) log.warn('somebody else keeps changing an own entry', { key })
    if (disturbance.count > 0) {
      const delayMs = nextDelayMs(contention, { attempt: disturbance.count, previousMs: 0, random })
      await sleep(delayMs, { signal: this.#signal })
    }
    disturbance.pending = false
    // Compared first: the news may be about an older write of our own.
    this.#assert(key)
  }

  async #resync(): Promise<void> {
    const { resync = defaultResync, nodeCount = () => 0, random = Math.random } = this.#options
    for (;;) {
      await sleep(jitteredPeriod(resync, { nodeCount: nodeCount(), random }), { signal: this.#signal })
      this.#assertAll()
    }
  }

  async #watch(): Promise<void> {
    const { store, prefix } = this.#options
    for await (const event of store.watchPrefix(prefix, { signal: this.#signal })) this.observe(event)
  }

  #run(name: string, task: () => Promise<void>): void {
    const running = task()
      .catch((error: unknown) => {
        if (this.#signal.aborted) return
        this.#options.log.error('shared store task ended', { task: name, error: describeError(error) })
      })
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }
}
