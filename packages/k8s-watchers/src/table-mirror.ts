import type { Decoder, Recall } from '@axoneme/slim-types'
import type { WritableTable } from '@axoneme/tables'
import type { Mirror } from './comparison.ts'
import type { CompleteList } from './list-all.ts'
import type { ObjectEvent } from './watch-once.ts'

/** A table that follows a collection, and what is known of the collection beside it. This is the table's one writer. */
export class TableMirror<T extends object> implements Mirror {
  /** Undefined while a list is needed. */
  resourceVersion: string | undefined
  changeCount = 0
  /** For the decoder of the events that are applied: the row under a key. */
  readonly recall: Recall<T>
  /** What the decoder of the event that comes next was told: its row is this one, or differs from it. */
  #recalled: T | undefined
  readonly #table: WritableTable<T>
  readonly #decoder: Decoder<T>
  /** Objects that exist, cannot be decoded, and were never seen in a state that could. */
  readonly #unreadable = new Set<string>()

  constructor(table: WritableTable<T>, decoder: Decoder<T>) {
    this.recall = (key, length) => {
      this.#recalled = table.getAscii(key, length)
      return this.#recalled
    }
    this.#table = table
    this.#decoder = decoder
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
    this.#recalled = undefined
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
    this.resourceVersion = list.resourceVersion
  }

  /** Whether the event changed the table. */
  apply(event: ObjectEvent<T>): boolean {
    const recalled = this.#recalled
    this.#recalled = undefined
    if (event.resourceVersion !== '') this.resourceVersion = event.resourceVersion
    if (event.type === 'BOOKMARK') return false
    this.changeCount++
    switch (event.type) {
      case 'INVALID':
        if (!this.#table.has(event.key)) this.#unreadable.add(event.key)
        return false
      case 'DELETED':
        this.#unreadable.delete(event.key)
        return this.#table.delete(event.key)
      default:
        return event.row !== recalled && this.#upsert(event.row, recalled)
    }
  }

  #upsert(row: T, recalled: T | undefined): boolean {
    const { key } = this.#decoder.identify(row)
    if (this.#unreadable.size > 0) this.#unreadable.delete(key)
    const known = recalled ?? this.#table.get(key)
    if (known !== undefined && this.#decoder.equals(known, row)) return false
    return this.#table.upsert(row, key)
  }
}
