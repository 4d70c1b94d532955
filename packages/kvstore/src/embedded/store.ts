import { KvstoreError } from '../errors.ts'
import type {
  RangeRequest,
  RangeResult,
  StoredEntry,
  TransactRequest,
  TransactResult,
  TransportCondition,
  WatchBatch,
  WatchChange,
} from '../transport.ts'
import { History } from './history.ts'
import { Leases } from './leases.ts'

type Row = StoredEntry & Readonly<{ leaseId: string | undefined }>

/** The data that several embedded clients of one process share, with etcd's semantics. Kept in memory only. */
export class EmbeddedStore {
  readonly #rows = new Map<string, Row>()
  readonly #leases = new Leases()
  readonly #history: History
  readonly #nowMs: () => number
  #revision = 1
  #changed = Promise.withResolvers<void>()
  #expiryTimer: NodeJS.Timeout | undefined

  constructor({ historyCommits = 10_000, nowMs = Date.now }: EmbeddedStoreOptions = {}) {
    this.#history = new History(historyCommits)
    this.#nowMs = nowMs
  }

  get revision(): number {
    return this.#revision
  }

  range({ key, prefix, minCreateRevision = 0 }: RangeRequest): RangeResult {
    const rows = prefix ? [...this.#rows.values()].filter((row) => row.key.startsWith(key)) : this.#row(key)
    return {
      entries: rows.filter((row) => row.createRevision >= minCreateRevision),
      more: false,
      revision: this.#revision,
      historyId: 'embedded',
    }
  }

  transact({ conditions, writes }: TransactRequest): TransactResult {
    if (!conditions.every((condition) => this.#holds(condition))) {
      return { succeeded: false, revision: this.#revision, deleted: 0 }
    }
    const missing = writes.find(
      (write) => write.kind === 'put' && write.leaseId !== undefined && !this.#leases.has(write.leaseId),
    )
    if (missing !== undefined) {
      throw new KvstoreError('KVSTORE_LEASE_LOST', { operation: 'write', key: missing.key })
    }
    const revision = this.#revision + 1
    const changes: WatchChange[] = []
    for (const write of writes) {
      if (write.kind === 'put') changes.push(this.#put(write, revision))
      else changes.push(...this.#delete(write, revision))
    }
    this.#commit(changes)
    const deleted = changes.filter((change) => change.kind === 'delete').length
    return { succeeded: true, revision: this.#revision, deleted }
  }

  grantLease(ttlS: number): string {
    const id = this.#leases.grant(ttlS, this.#nowMs())
    this.#armExpiry()
    return id
  }

  keepLeaseAlive(leaseId: string): number {
    return this.#leases.renew(leaseId, this.#nowMs())
  }

  /** Also what a test does to make a client's lease expire. */
  revokeLease(leaseId: string): void {
    const revision = this.#revision + 1
    const keys = this.#leases.remove(leaseId)
    this.#commit(keys.flatMap((key) => this.#delete({ key, prefix: false }, revision)))
  }

  expireAllLeases(): void {
    for (const id of this.#leases.ids()) this.revokeLease(id)
  }

  /** Forgets the history up to now: readers that are behind must list again. */
  compact(): void {
    this.#history.compact(this.#revision)
  }

  /** Commits since a revision, or undefined when they are forgotten; `changed` settles at the next news. */
  since(revision: number, prefix: string): { batches: WatchBatch[] | undefined; changed: Promise<void> } {
    return { batches: this.#history.since(revision, prefix), changed: this.#changed.promise }
  }

  #row(key: string): Row[] {
    const row = this.#rows.get(key)
    return row === undefined ? [] : [row]
  }

  #holds(condition: TransportCondition): boolean {
    if (condition.kind === 'prefix-empty')
      return this.range({ key: condition.prefix, prefix: true }).entries.length === 0
    const row = this.#rows.get(condition.key)
    switch (condition.kind) {
      case 'absent':
        return row === undefined
      case 'unchanged':
        return (row?.modRevision ?? 0) === condition.modRevision
      case 'created-at':
        return row?.createRevision === condition.createRevision
      case 'value':
        return row?.value === condition.value
    }
  }

  #put(write: { key: string; value: string; leaseId?: string | undefined }, revision: number): WatchChange {
    const { key, value, leaseId } = write
    const before = this.#rows.get(key)
    if (before?.leaseId !== undefined) this.#leases.unbind(before.leaseId, key)
    if (leaseId !== undefined) this.#leases.bind(leaseId, key)
    const createRevision = before?.createRevision ?? revision
    this.#rows.set(key, { key, value, modRevision: revision, createRevision, leaseId })
    return { kind: 'upsert', entry: { key, value, modRevision: revision, createRevision } }
  }

  #delete({ key, prefix }: { key: string; prefix: boolean }, revision: number): WatchChange[] {
    return this.range({ key, prefix }).entries.map((entry) => {
      const leaseId = this.#rows.get(entry.key)?.leaseId
      if (leaseId !== undefined) this.#leases.unbind(leaseId, entry.key)
      this.#rows.delete(entry.key)
      return { kind: 'delete', key: entry.key, modRevision: revision }
    })
  }

  #commit(changes: readonly WatchChange[]): void {
    if (changes.length === 0) return
    this.#revision++
    this.#history.append({ revision: this.#revision, changes })
    this.#wakeReaders()
  }

  #wakeReaders(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  #armExpiry(): void {
    const nextMs = this.#leases.nextExpiryMs()
    clearTimeout(this.#expiryTimer)
    if (nextMs === undefined) return
    const delayMs = Math.min(Math.max(1, nextMs - this.#nowMs()), 2 ** 30)
    this.#expiryTimer = setTimeout(() => {
      for (const id of this.#leases.expired(this.#nowMs())) this.revokeLease(id)
      this.#armExpiry()
    }, delayMs)
    // Expiry matters only while something else keeps the process alive.
    this.#expiryTimer.unref()
  }
}

export type EmbeddedStoreOptions = Readonly<{
  /** How many commits a reader may be behind at least before it has to list again. */
  historyCommits?: number
  nowMs?: () => number
}>
