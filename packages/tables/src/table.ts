import type { RowsByHash } from '@axoneme/key-hash'
import { abortable } from '@axoneme/lifecycle'
import { KeylessRows } from './keyless-rows.ts'
import { MultiMap } from './multi-map.ts'
import { KeyedRows, type Rows } from './rows.ts'

/** What happened to one key since the reader last looked; updates in between are folded into the last one. */
export type Change<Row> =
  | Readonly<{ kind: 'upsert'; key: string; row: Row }>
  /** `row` is the last row that was known under the key. */
  | Readonly<{ kind: 'delete'; key: string; row: Row }>

/** A reader's own view of what changed. Starts with every row that exists. Memory: one entry per changed key. */
export type ChangeStream<Row> = Disposable & {
  /** All pending changes, oldest first, at once; empty when there are none. */
  take(): Change<Row>[]
  /** Resolves when changes are pending (at once when some are). */
  wait(signal: AbortSignal): Promise<void>
  /** Batches until the signal aborts, which ends the loop without an error. */
  batches(signal: AbortSignal): AsyncIterable<Change<Row>[]>
}

/** The reader's side of a table. */
export type Table<Row> = {
  readonly name: string
  readonly size: number
  /** Grows with each change of content. */
  readonly revision: number
  /** True once the table's source has delivered its whole first state: absence then means absence. */
  readonly initialized: boolean
  whenInitialized(signal: AbortSignal): Promise<void>
  get(key: string): Row | undefined
  has(key: string): boolean
  rows(): IterableIterator<Row>
  keys(): IterableIterator<string>
  /** Rows whose index function gave `value`. */
  byIndex(index: string, value: string): Row[]
  changes(): ChangeStream<Row>
  /** Of a table with `hasKey` alone. */
  readonly byHash: RowsByHash<Row> | undefined
}

/** The writer's side; each table has one writer. */
export type WritableTable<Row> = Table<Row> & {
  /**
   * False when the row equals the one that is there: nothing changes then. `key` is the row's, for whoever has it at hand.
   */
  upsert(row: Row, key?: string): boolean
  /** `row` instead of `old`, which is there under the same key: a change, whatever equality says. */
  replace(old: Row, row: Row): void
  delete(key: string): boolean
  /** Makes the content equal to `rows`: the full diff that a reconnect needs. */
  replaceAll(rows: Iterable<Row>): void
  markInitialized(): void
}

export type TableOptions<Row> = Readonly<{
  name: string
  key: (row: Row) => string
  /**
   * Whether this is the key of the row, which is not made for that. With it the table keeps no copy of its keys, for many rows
   * that contain theirs; these then come in no order.
   */
  hasKey?: (row: Row, key: string) => boolean
  /** Secondary indexes: each row is found under every value its function returns. */
  indexes?: Readonly<Record<string, (row: Row) => readonly string[]>>
  /** Equal rows are not changes. Identity by default. */
  equals?: (a: Row, b: Row) => boolean
}>

export function createTable<Row extends object>(options: TableOptions<Row>): WritableTable<Row> {
  return new MemoryTable(options)
}

type Index<Row> = Readonly<{
  name: string
  valuesOf: (row: Row) => readonly string[]
  keys: MultiMap<string, string>
}>

const noValues: readonly string[] = []

/** Where `key` is found from now on; under a value that it keeps it stays where it is. */
function reindex({ keys, key, from, to }: Reindexing): void {
  for (const value of from) if (!to.includes(value)) keys.delete(value, key)
  for (const value of to) if (!from.includes(value)) keys.add(value, key)
}

type Reindexing = Readonly<{
  keys: MultiMap<string, string>
  key: string
  from: readonly string[]
  to: readonly string[]
}>

type Pending<Row> = { row: Row; deleted: boolean }

class MemoryTable<Row extends object> implements WritableTable<Row> {
  readonly name: string
  revision = 0
  initialized = false
  readonly #options: TableOptions<Row>
  readonly byHash: KeylessRows<Row> | undefined
  readonly #rows: Rows<Row>
  readonly #indexes: readonly Index<Row>[]
  readonly #streams = new Set<Stream<Row>>()
  readonly #initialized = Promise.withResolvers<void>()

  constructor(options: TableOptions<Row>) {
    this.name = options.name
    this.#options = options
    const { key: keyOf, hasKey } = options
    this.byHash = hasKey === undefined ? undefined : new KeylessRows({ keyOf, hasKey })
    this.#rows = this.byHash ?? new KeyedRows(keyOf)
    this.#indexes = Object.entries(options.indexes ?? {}).map(([name, valuesOf]) => ({
      ...{ name, valuesOf },
      keys: new MultiMap(),
    }))
  }

  get size(): number {
    return this.#rows.size
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key)
  }

  has(key: string): boolean {
    return this.#rows.has(key)
  }

  rows(): IterableIterator<Row> {
    return this.#rows.values()
  }

  keys(): IterableIterator<string> {
    return this.#rows.keys()
  }

  byIndex(index: string, value: string): Row[] {
    const found = this.#indexes.find(({ name }) => name === index)
    if (found === undefined) throw new Error(`table ${this.name} has no index ${index}`)
    return found.keys.get(value).map((key) => this.#rows.get(key) as Row)
  }

  changes(): ChangeStream<Row> {
    const stream = new Stream<Row>(this.#rows, () => this.#streams.delete(stream))
    this.#streams.add(stream)
    return stream
  }

  upsert(row: Row, key = this.#options.key(row)): boolean {
    const old = this.#rows.get(key)
    if (old !== undefined && (old === row || this.#options.equals?.(old, row) === true)) return false
    this.#rows.set(key, row)
    this.#upserted(key, { old, row })
    return true
  }

  replace(old: Row, row: Row): void {
    this.#rows.replace(old, row)
    // The key is made for those who need it.
    if (this.#indexes.length + this.#streams.size === 0) this.revision++
    else this.#upserted(this.#options.key(row), { old, row })
  }

  delete(key: string): boolean {
    const old = this.#rows.take(key)
    if (old === undefined) return false
    for (const { valuesOf, keys } of this.#indexes) {
      reindex({ keys, key, from: valuesOf(old), to: noValues })
    }
    this.#changed(key, { row: old, deleted: true })
    return true
  }

  replaceAll(rows: Iterable<Row>): void {
    const wanted = new Set<string>()
    for (const row of rows) {
      wanted.add(this.#options.key(row))
      this.upsert(row)
    }
    for (const key of [...this.#rows.keys()]) if (!wanted.has(key)) this.delete(key)
  }

  markInitialized(): void {
    if (this.initialized) return
    this.initialized = true
    this.#initialized.resolve()
    for (const stream of this.#streams) stream.wake()
  }

  async whenInitialized(signal: AbortSignal): Promise<void> {
    if (!this.initialized) await abortable(this.#initialized.promise, signal)
  }

  #upserted(key: string, { old, row }: { old: Row | undefined; row: Row }): void {
    for (const { valuesOf, keys } of this.#indexes) {
      reindex({ keys, key, from: old === undefined ? noValues : valuesOf(old), to: valuesOf(row) })
    }
    this.#changed(key, { row, deleted: false })
  }

  #changed(key: string, pending: Pending<Row>): void {
    this.revision++
    for (const stream of this.#streams) stream.push(key, pending)
  }
}

class Stream<Row> implements ChangeStream<Row> {
  #pending = new Map<string, Pending<Row>>()
  #waiter: PromiseWithResolvers<void> | undefined
  readonly #release: () => void

  constructor(rows: Rows<Row>, release: () => void) {
    this.#release = release
    for (const [key, row] of rows) this.#pending.set(key, { row, deleted: false })
  }

  push(key: string, pending: Pending<Row>): void {
    // Re-inserted, so that the order is that of the last change. What is not there is not deleted: V8 would look the key up
    // among all strings that it ever internalized.
    if (this.#pending.has(key)) this.#pending.delete(key)
    this.#pending.set(key, pending)
    this.wake()
  }

  wake(): void {
    this.#waiter?.resolve()
    this.#waiter = undefined
  }

  take(): Change<Row>[] {
    const taken = Array.from(
      this.#pending,
      ([key, { row, deleted }]): Change<Row> => ({ kind: deleted ? 'delete' : 'upsert', key, row }),
    )
    this.#pending.clear()
    return taken
  }

  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#pending.size > 0) return
    this.#waiter ??= Promise.withResolvers<void>()
    await abortable(this.#waiter.promise, signal)
  }

  async *batches(signal: AbortSignal): AsyncIterable<Change<Row>[]> {
    while (!signal.aborted) {
      try {
        await this.wait(signal)
      } catch (error) {
        if (signal.aborted) return
        throw error
      }
      const batch = this.take()
      if (batch.length > 0) yield batch
    }
  }

  [Symbol.dispose](): void {
    this.#release()
    this.#pending = new Map()
  }
}
