import { hashOfBytes, hashOfText, type KeyBytes, type RowsByHash } from '@axoneme/key-hash'
import type { Rows } from './rows.ts'

const initialCapacity = 16

/**
 * Rows by key that keeps no key: what a row contains anyhow is not in memory twice. A hash table with open addressing
 * (linear probing; deletion moves back what follows). Its rows come in no order, and it must not change while they come.
 */
export class KeylessRows<Row extends object> implements Rows<Row>, RowsByHash<Row> {
  size = 0
  readonly #keyOf: (row: Row) => string
  /** Whether this is the key of the row, which is not made for that. */
  readonly #hasKey: (row: Row, key: string) => boolean
  /** Of the hash, so that nobody outside knows which keys collide. */
  readonly #seed: number
  /** The places: each a row, and the hash of its key behind it. Memory is slow: both come with one access. */
  #slots = emptySlots<Row>(initialCapacity)
  /** Where `find` found a row: it is most probably the one that is replaced next. */
  #foundSlot = 0

  constructor({
    keyOf,
    hasKey,
    random = Math.random,
  }: {
    keyOf: (row: Row) => string
    hasKey: (row: Row, key: string) => boolean
    random?: () => number
  }) {
    this.#keyOf = keyOf
    this.#hasKey = hasKey
    this.#seed = (random() * 0x1_0000_0000) | 0
  }

  get(key: string): Row | undefined {
    return this.#rowAt(this.#slotOf(key, hashOfText(key, this.#seed)))
  }

  hashOf(key: KeyBytes): number {
    return hashOfBytes(key, this.#seed)
  }

  guess(hash: number): Row | undefined {
    return this.#rowAt((hash << 1) & (this.#slots.length - 1))
  }

  find(hash: number, isIt: (row: Row) => boolean): Row | undefined {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = (hash << 1) & mask; ; slot = (slot + 2) & mask) {
      const row = slots[slot] as Row | undefined
      if (row === undefined) return undefined
      if (slots[slot + 1] === hash && isIt(row)) {
        this.#foundSlot = slot
        return row
      }
    }
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  set(key: string, row: Row): void {
    const hash = hashOfText(key, this.#seed)
    const slot = this.#slotOf(key, hash)
    const isNew = this.#slots[slot] === undefined
    this.#slots[slot] = row
    this.#slots[slot + 1] = hash
    if (!isNew) return
    this.size++
    if (this.size * 8 > this.#slots.length * 3) this.#grow()
  }

  replace(old: Row, row: Row): void {
    if (this.#slots[this.#foundSlot] === old) this.#slots[this.#foundSlot] = row
    else this.set(this.#keyOf(row), row)
  }

  take(key: string): Row | undefined {
    const slots = this.#slots
    let hole = this.#slotOf(key, hashOfText(key, this.#seed))
    const taken = this.#rowAt(hole)
    if (taken === undefined) return undefined
    const mask = slots.length - 1
    for (let slot = (hole + 2) & mask; slots[slot] !== undefined; slot = (slot + 2) & mask) {
      const home = ((slots[slot + 1] as number) << 1) & mask
      // It may move to the hole unless it would then stand before where one begins to look for it.
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      slots[hole] = slots[slot]
      slots[hole + 1] = slots[slot + 1]
      hole = slot
    }
    slots[hole] = undefined
    this.size--
    return taken
  }

  *values(): MapIterator<Row> {
    for (let slot = 0; slot < this.#slots.length; slot += 2) {
      const row = this.#rowAt(slot)
      if (row !== undefined) yield row
    }
  }

  *keys(): MapIterator<string> {
    for (const row of this.values()) yield this.#keyOf(row)
  }

  *[Symbol.iterator](): MapIterator<[string, Row]> {
    for (const row of this.values()) yield [this.#keyOf(row), row]
  }

  #rowAt(slot: number): Row | undefined {
    return this.#slots[slot] as Row | undefined
  }

  /** Where the key is, or the free slot where it belongs. */
  #slotOf(key: string, hash: number): number {
    const mask = this.#slots.length - 1
    for (let slot = (hash << 1) & mask; ; slot = (slot + 2) & mask) {
      const row = this.#rowAt(slot)
      if (row === undefined || (this.#slots[slot + 1] === hash && this.#hasKey(row, key))) return slot
    }
  }

  #grow(): void {
    const old = this.#slots
    const slots = emptySlots<Row>(old.length)
    const mask = slots.length - 1
    for (let from = 0; from < old.length; from += 2) {
      if (old[from] === undefined) continue
      let slot = ((old[from + 1] as number) << 1) & mask
      while (slots[slot] !== undefined) slot = (slot + 2) & mask
      slots[slot] = old[from]
      slots[slot + 1] = old[from + 1]
    }
    this.#slots = slots
  }
}

function emptySlots<Row>(capacity: number): (Row | number | undefined)[] {
  return new Array<Row | number | undefined>(capacity * 2).fill(undefined)
}
