import type { Listing } from './listing.ts'
import type { WatchChange } from './transport.ts'
import type { KeepLost, KvChange, KvEvent } from './types.ts'

/**
 * What a watch has told its reader, by key and revision, and what of it the store lost with its history. Decides only;
 * `nowMs` is of a clock that never goes back.
 */
export class ToldKeys {
  readonly #present: Revisions
  readonly #lost = new Set<string>()
  readonly #keepLost: KeepLost | undefined
  #lostAtMs = 0
  #cameBackAtMs = 0

  /** All keys begin with `prefix`. */
  constructor(keepLost?: KeepLost, prefix = '') {
    this.#present = new Revisions(prefix)
    this.#keepLost = keepLost
  }

  /** When what is still lost is to be deleted; infinite when nothing is. */
  get dueMs(): number {
    if (this.#lost.size === 0 || this.#keepLost === undefined) return Number.POSITIVE_INFINITY
    const { quietMs, maxMs } = this.#keepLost
    return Math.min(Math.max(this.#lostAtMs, this.#cameBackAtMs) + quietMs, this.#lostAtMs + maxMs)
  }

  /** The difference between what was told and a listing of the same history. */
  *compare(listing: Listing, nowMs: number): Generator<KvEvent> {
    for (const key of this.#absentFrom(listing)) {
      this.#present.delete(key)
      yield { kind: 'delete', key, modRevision: listing.revision }
    }
    yield* this.#upserts(listing, nowMs)
  }

  /** The same for a listing of another history, whose revisions mean nothing to those that are known. */
  *replace(listing: Listing, nowMs: number): Generator<KvEvent> {
    yield { kind: 'history-lost' }
    for (const key of this.#absentFrom(listing)) this.#lost.add(key)
    this.#present.clear()
    this.#lostAtMs = nowMs
    if (this.#keepLost === undefined) yield* this.deleteLost(listing.revision)
    yield* this.#upserts(listing, nowMs)
  }

  /** Undefined for a change that the reader knows already: parts of a revision may come twice after a cut. */
  apply(change: WatchChange, nowMs: number): KvChange | undefined {
    if (change.kind === 'delete') {
      const before = this.#present.get(change.key)
      if (before === undefined || before > change.modRevision) return undefined
      this.#present.delete(change.key)
      return change
    }
    const { key, value, modRevision } = change.entry
    if ((this.#present.get(key) ?? -1) >= modRevision) return undefined
    this.#tell(key, { modRevision, nowMs })
    return { kind: 'upsert', entry: { key, value, modRevision } }
  }

  *deleteLost(modRevision: number): Generator<KvEvent> {
    for (const key of this.#lost) {
      this.#lost.delete(key)
      yield { kind: 'delete', key, modRevision }
    }
  }

  *#upserts(listing: Listing, nowMs: number): Generator<KvEvent> {
    const changed = listing.entries.filter(({ key, modRevision }) => this.#present.get(key) !== modRevision)
    // In the order of the changes, as in a watch: a reader may conclude from one event that it has all earlier ones.
    changed.sort((a, b) => a.modRevision - b.modRevision)
    for (const { key, value, modRevision } of changed) {
      this.#tell(key, { modRevision, nowMs })
      yield { kind: 'upsert', entry: { key, value, modRevision } }
    }
  }

  #tell(key: string, { modRevision, nowMs }: { modRevision: number; nowMs: number }): void {
    this.#present.set(key, modRevision)
    if (this.#lost.delete(key)) this.#cameBackAtMs = nowMs
  }

  #absentFrom(listing: Listing): string[] {
    if (this.#present.size === 0) return []
    const there = new Set<string>()
    for (const { key } of listing.entries) there.add(key)
    return [...this.#present.keys()].filter((key) => !there.has(key))
  }
}

/** Revisions by key. Keeps of each key what is behind the prefix: readers have the same string as the key of their row. */
class Revisions {
  readonly #prefix: string
  readonly #byName = new Map<string, number>()

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  get size(): number {
    return this.#byName.size
  }

  get(key: string): number | undefined {
    return this.#byName.get(key.slice(this.#prefix.length))
  }

  set(key: string, revision: number): void {
    this.#byName.set(key.slice(this.#prefix.length), revision)
  }

  delete(key: string): void {
    this.#byName.delete(key.slice(this.#prefix.length))
  }

  clear(): void {
    this.#byName.clear()
  }

  *keys(): Generator<string> {
    for (const name of this.#byName.keys()) yield this.#prefix + name
  }
}
