/** What a table keeps its rows in: a Map, or what is like one. */
export type Rows<Row> = Pick<ReadonlyMap<string, Row>, 'size' | 'get' | 'has' | 'keys' | 'values'> &
  Iterable<[string, Row]> & {
    set(key: string, row: Row): unknown
    /** `row` instead of `old`, which is there under the same key. */
    replace(old: Row, row: Row): void
    /** The row that was there, and is no more. */
    take(key: string): Row | undefined
  }

/** Rows by key, in the order in which these were added. */
export class KeyedRows<Row> extends Map<string, Row> implements Rows<Row> {
  readonly #keyOf: (row: Row) => string

  constructor(keyOf: (row: Row) => string) {
    super()
    this.#keyOf = keyOf
  }

  replace(_old: Row, row: Row): void {
    this.set(this.#keyOf(row), row)
  }

  take(key: string): Row | undefined {
    const row = this.get(key)
    if (row !== undefined) this.delete(key)
    return row
  }
}
