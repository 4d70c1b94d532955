import type { RowsByHash } from '@axoneme/key-hash'
import type { Decoder, ResourceVersion } from '@axoneme/slim-types'
import type { WritableTable } from '@axoneme/tables'
import type { Mirror } from './comparison.ts'
import type { CompleteList } from './list-all.ts'
import type { ObjectEvent } from './watch-once.ts'

/** A table that follows a collection, and what is known of the collection beside it. This is the table's one writer. */
export class TableMirror<T extends object> implements Mirror {
  changeCount = 0
  #version: ResourceVersion | undefined
  readonly #table: WritableTable<T>
  readonly #decoder: Decoder<T>
  /** Objects that exist, cannot be decoded, and were never seen in a state that could. */
  readonly #unreadable = new Set<string>()

  constructor(table: WritableTable<T>, decoder: Decoder<T>) {
    this.#table = table
    this.#decoder = decoder
  }

  /** What is known, for the decoder of the events that are applied: each before the next one is decoded. */
  get known(): RowsByHash<T> | undefined {
    return this.#table.byHash
  }

  /** Undefined while a list is needed. */
  get resourceVersion(): string | undefined {
    return this.#version === undefined ? undefined : String(this.#version)
  }

  get size(): number {
    return this.#table.size + this.#unreadable.size
  }

  has(key: string): boolean {
    return this.#table.has(key) || this.#unreadable.has(key)
  }

  *keys(): Iterable<string> {
    yield* this.#table.keys()
    yield* this.#unreadable
  }

  /** Makes the table what the list says. What was known of an object that cannot be read any more is kept. */
  replace(list: CompleteList<T>): void {
    this.changeCount++
    const rows = [...list.items]
    this.#unreadable.clear()
    for (const { key } of list.invalid) {
      const known = this.#table.get(key)
      // What was known is closer to the truth than nothing.
      if (known === undefined) this.#unreadable.add(key)
      else rows.push(known)
    }
    this.#table.replaceAll(rows)
    this.#table.markInitialized()
    this.#version = list.resourceVersion
  }

  /** What is known is not trusted any more: a list is needed. */
  doubt(): void {
    this.#version = undefined
  }

  /** Whether the event changed the table. */
  apply(event: ObjectEvent<T>): boolean {
    if (event.resourceVersion !== '') this.#version = event.resourceVersion
    if (event.type === 'BOOKMARK') return false
    this.changeCount++
    switch (event.type) {
      case 'INVALID':
        if (!this.#table.has(event.key)) this.#unreadable.add(event.key)
        return false
      case 'DELETED':
        this.#noLongerUnreadable(event.key)
        return this.#table.delete(event.key)
      default:
        return event.known === undefined ? this.#upsert(event.row) : this.#replace(event.known, event.row)
    }
  }

  #replace(known: T, row: T): boolean {
    if (row === known) return false
    this.#table.replace(known, row)
    return true
  }

  /** Or gone. */
  #noLongerUnreadable(key: string): void {
    // To delete from a set makes V8 look a string up among all that it ever internalized.
    if (this.#unreadable.size > 0) this.#unreadable.delete(key)
  }

  #upsert(row: T): boolean {
    const { key } = this.#decoder.identify(row)
    this.#noLongerUnreadable(key)
    const known = this.#table.get(key)
    if (known !== undefined && this.#decoder.equals(known, row)) return false
    return this.#table.upsert(row, key)
  }
}
