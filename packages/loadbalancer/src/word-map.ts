const emptyMark = 0
const firstCapacity = 64

/**
 * A map from one or two words of 32 bits to a word that is not 0, in one flat table with linear probing: a fifth of what
 * a Map of strings takes. The value 0 means "not there".
 */
export class WordMap {
  /** Three words a slot: the key, then the value. */
  #slots = new Uint32Array(3 * firstCapacity)
  #size = 0

  get size(): number {
    return this.#size
  }

  get(high: number, low: number): number {
    return this.#slots[this.#find(high, low) + 2] ?? emptyMark
  }

  /** `value` 0 removes the key. */
  set(high: number, low: number, value: number): void {
    const at = this.#find(high, low)
    const wasThere = this.#slots[at + 2] !== emptyMark
    if (value === emptyMark) {
      if (wasThere) this.#remove(at)
      return
    }
    this.#slots[at] = high
    this.#slots[at + 1] = low
    this.#slots[at + 2] = value
    if (wasThere) return
    this.#size++
    // Full to four fifths at most, so that a search ends soon.
    if (5 * this.#size > 4 * (this.#slots.length / 3)) this.#grow()
  }

  *values(): Generator<number> {
    for (let at = 2; at < this.#slots.length; at += 3) {
      const value = this.#slots[at] ?? emptyMark
      if (value !== emptyMark) yield value
    }
  }

  /** Where the key is, or the empty slot that it would take. */
  #find(high: number, low: number): number {
    const slots = this.#slots
    let at = this.#home(high, low)
    while (slots[at + 2] !== emptyMark && (slots[at] !== high || slots[at + 1] !== low)) at = this.#next(at)
    return at
  }

  #home(high: number, low: number): number {
    // The finaliser of MurmurHash3: neighbouring addresses and ports end far from each other.
    let hash = Math.imul(high, 0x9e37_79b1) ^ low
    hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
    return 3 * (((hash ^ (hash >>> 16)) >>> 0) % (this.#slots.length / 3))
  }

  #next(at: number): number {
    return at + 3 === this.#slots.length ? 0 : at + 3
  }

  /** Moves what follows back over the hole where its search would otherwise end there (Knuth 6.4, algorithm R). */
  #remove(at: number): void {
    const slots = this.#slots
    let hole = at
    for (let from = this.#next(hole); slots[from + 2] !== emptyMark; from = this.#next(from)) {
      const home = this.#home(slots[from] ?? 0, slots[from + 1] ?? 0)
      const isBetween = hole <= from ? hole < home && home <= from : hole < home || home <= from
      if (isBetween) continue
      slots.copyWithin(hole, from, from + 3)
      hole = from
    }
    slots.fill(0, hole, hole + 3)
    this.#size--
  }

  #grow(): void {
    const old = this.#slots
    // By half: what is empty costs as much as what is not.
    this.#slots = new Uint32Array(3 * Math.ceil((old.length / 3) * 1.5))
    this.#size = 0
    for (let at = 0; at < old.length; at += 3) {
      const [high = 0, low = 0, value = 0] = old.subarray(at, at + 3)
      if (value !== emptyMark) this.set(high, low, value)
    }
  }
}
