/** What a table keeps its rows in: a Map, or what is like one. */
export type Rows<Row> = Pick<ReadonlyMap<string, Row>, 'size' | 'get' | 'has' | 'keys' | 'values'> &
  Iterable<[string, Row]> & {
    set(key: string, row: Row): unknown
    delete(key: string): boolean
  }

/** Whether this is the key of the row, which is not made for that. */
export type KeyTests<Row> = Readonly<{
  hasKey: (row: Row, key: string) => boolean
  /** The same for a key that is the first `length` bytes, in ASCII. */
  hasAsciiKey: (row: Row, key: Uint8Array, length: number) => boolean
}>

const initialCapacity = 16

/**
 * Rows by key that keeps no key: what a row contains anyhow is not in memory twice. A hash table with open addressing
 * (linear probing; deletion moves back what follows). Its rows come in no order, and it must not change while they come.
 */
export class KeylessRows<Row extends object> implements Rows<Row> {
  size = 0
  readonly #keyOf: (row: Row) => string
  readonly #hasKey: (row: Row, key: string) => boolean
  readonly #hasAsciiKey: (row: Row, key: Uint8Array, length: number) => boolean
  /** Of the hash, so that nobody outside knows which keys collide. */
  readonly #seed: number
  #rows = emptyPlaces<Row>(initialCapacity)
  #hashes = new Int32Array(initialCapacity)

  constructor({
    keyOf,
    hasKey,
    hasAsciiKey,
    random = Math.random,
  }: KeyTests<Row> & { keyOf: (row: Row) => string; random?: () => number }) {
    this.#keyOf = keyOf
    this.#hasKey = hasKey
    this.#hasAsciiKey = hasAsciiKey
    this.#seed = (random() * 0x1_0000_0000) | 0
  }

  get(key: string): Row | undefined {
    return this.#rows[this.#placeOf(key, this.#hashOf(key))]
  }

  /** The same for a key that is the first `length` bytes, in ASCII: no string is made of it. */
  getAscii(key: Uint8Array, length: number): Row | undefined {
    const rows = this.#rows
    const mask = rows.length - 1
    let hash = this.#seed
    for (let i = 0; i < length; i++) hash = nextHash(hash, key[i] as number)
    hash = lastHash(hash)
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const row = rows[place]
      if (row === undefined) return undefined
      if (this.#hashes[place] === hash && this.#hasAsciiKey(row, key, length)) return row
    }
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  set(key: string, row: Row): void {
    const hash = this.#hashOf(key)
    const place = this.#placeOf(key, hash)
    const isNew = this.#rows[place] === undefined
    this.#rows[place] = row
    this.#hashes[place] = hash
    if (!isNew) return
    this.size++
    if (this.size * 4 > this.#rows.length * 3) this.#grow()
  }

  delete(key: string): boolean {
    let hole = this.#placeOf(key, this.#hashOf(key))
    if (this.#rows[hole] === undefined) return false
    const mask = this.#rows.length - 1
    for (let place = (hole + 1) & mask; this.#rows[place] !== undefined; place = (place + 1) & mask) {
      const home = (this.#hashes[place] as number) & mask
      // It may move to the hole unless it would then stand before where one begins to look for it.
      if (((place - home) & mask) < ((place - hole) & mask)) continue
      this.#rows[hole] = this.#rows[place]
      this.#hashes[hole] = this.#hashes[place] as number
      hole = place
    }
    this.#rows[hole] = undefined
    this.size--
    return true
  }

  *values(): MapIterator<Row> {
    for (const row of this.#rows) if (row !== undefined) yield row
  }

  *keys(): MapIterator<string> {
    for (const row of this.values()) yield this.#keyOf(row)
  }

  *[Symbol.iterator](): MapIterator<[string, Row]> {
    for (const row of this.values()) yield [this.#keyOf(row), row]
  }

  /** Where the key is, or the free place where it belongs. */
  #placeOf(key: string, hash: number): number {
    const rows = this.#rows
    const mask = rows.length - 1
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const row = rows[place]
      if (row === undefined || (this.#hashes[place] === hash && this.#hasKey(row, key))) return place
    }
  }

  #hashOf(key: string): number {
    let hash = this.#seed
    for (let i = 0; i < key.length; i++) hash = nextHash(hash, key.charCodeAt(i))
    return lastHash(hash)
  }

  #grow(): void {
    const [rows, hashes] = [this.#rows, this.#hashes]
    const capacity = rows.length * 2
    this.#rows = emptyPlaces(capacity)
    this.#hashes = new Int32Array(capacity)
    for (const [old, row] of rows.entries()) {
      if (row === undefined) continue
      const hash = hashes[old] as number
      let place = hash & (capacity - 1)
      while (this.#rows[place] !== undefined) place = (place + 1) & (capacity - 1)
      this.#rows[place] = row
      this.#hashes[place] = hash
    }
  }
}

function nextHash(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193)
}

function lastHash(hash: number): number {
  return hash ^ (hash >>> 15)
}

function emptyPlaces<T>(count: number): (T | undefined)[] {
  return new Array<T | undefined>(count).fill(undefined)
}
