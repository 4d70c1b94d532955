/** As many places are looked at before a key counts as absent: what somebody made collide is slow for nobody. */
const maxProbes = 32
const initialCapacity = 256
const initialKeyBytes = 4096

/**
 * Values by the bytes that they were made from, so that equal bytes are not decoded twice and give one copy. Remembers
 * at most `maxEntries` in two generations: when the young one is full it becomes the old one and the old one is
 * dropped, so what is still seen stays and what is not is forgotten.
 */
export class ByteCache<Value> {
  readonly #generationSize: number
  /** Of the hash, so that nobody outside knows which keys collide. */
  readonly #seed: number
  #young: Generation<Value>
  #old: Generation<Value>

  constructor({ maxEntries, random = Math.random }: { maxEntries: number; random?: () => number }) {
    this.#generationSize = Math.max(1, Math.floor(maxEntries / 2))
    this.#seed = (random() * 0x1_0000_0000) | 0
    this.#young = new Generation()
    this.#old = new Generation()
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  find(bytes: Uint8Array, start: number, end: number): Value | undefined {
    const key = { hash: hashOf(bytes, { start, end, seed: this.#seed }), bytes, start, end }
    const place = this.#young.placeOf(key)
    if (place >= 0) return this.#young.values[place]
    const oldPlace = this.#old.placeOf(key)
    if (oldPlace < 0) return undefined
    const value = this.#old.values[oldPlace] as Value
    this.#add(key, value)
    return value
  }

  /** Under a key that was not found before. */
  add(bytes: Uint8Array, { start, end, value }: { start: number; end: number; value: Value }): void {
    this.#add({ hash: hashOf(bytes, { start, end, seed: this.#seed }), bytes, start, end }, value)
  }

  #add(key: Key, value: Value): void {
    if (this.#young.size >= this.#generationSize) {
      this.#old = this.#young
      this.#young = new Generation()
    }
    this.#young.add(key, value)
  }
}

type Key = Readonly<{ hash: number; bytes: Uint8Array; start: number; end: number }>

/** Four bytes at a time: each step waits for the one before it. */
function hashOf(
  bytes: Uint8Array,
  { start, end, seed }: Readonly<{ start: number; end: number; seed: number }>,
): number {
  let hash = seed ^ (end - start)
  let at = start
  for (; at + 4 <= end; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    hash = mixed(hash ^ word)
  }
  for (; at < end; at++) hash = mixed(hash ^ (bytes[at] as number))
  return hash
}

/** Each bit of the word reaches all lower ones: the place in a table is in these. */
function mixed(hash: number): number {
  const product = Math.imul(hash, 0x85ebca6b)
  return product ^ (product >>> 15)
}

/** A hash table with open addressing; nothing is ever removed from it. */
class Generation<Value> {
  size = 0
  values: (Value | undefined)[] = emptyPlaces(initialCapacity)
  #hashes = new Int32Array(initialCapacity)
  /** Where the place's key begins and ends among all keys; both 0: the place is free. */
  #starts = new Int32Array(initialCapacity)
  #ends = new Int32Array(initialCapacity)
  #keys = new Uint8Array(initialKeyBytes)
  // Not 0, so that the empty key is told from a free place.
  #keyBytes = 1

  placeOf({ hash, bytes, start, end }: Key): number {
    const mask = this.#hashes.length - 1
    for (let probe = 0, place = hash & mask; probe < maxProbes; probe++, place = (place + 1) & mask) {
      if (this.#ends[place] === 0) return -1
      if (this.#hashes[place] === hash && this.#isAt(place, { bytes, start, end })) return place
    }
    return -1
  }

  add({ hash, bytes, start, end }: Key, value: Value): void {
    if (this.size * 2 >= this.#hashes.length) this.#grow()
    const keyStart = this.#keyBytes
    const keyEnd = keyStart + end - start
    if (!this.#put({ hash, keyStart, keyEnd, value })) return
    if (keyEnd > this.#keys.length) this.#keys = enlarged(this.#keys, keyEnd)
    for (let i = start, at = keyStart; i < end; i++, at++) this.#keys[at] = bytes[i] as number
    this.#keyBytes = keyEnd
    this.size++
  }

  #isAt(place: number, { bytes, start, end }: Omit<Key, 'hash'>): boolean {
    const keys = this.#keys
    const keyStart = this.#starts[place] as number
    if ((this.#ends[place] as number) - keyStart !== end - start) return false
    for (let at = start, keyAt = keyStart; at < end; at++, keyAt++)
      if (keys[keyAt] !== bytes[at]) return false
    return true
  }

  #put(entry: Readonly<{ hash: number; keyStart: number; keyEnd: number; value: Value }>): boolean {
    const { hash, keyStart, keyEnd, value } = entry
    const mask = this.#hashes.length - 1
    for (let probe = 0, place = hash & mask; probe < maxProbes; probe++, place = (place + 1) & mask) {
      if (this.#ends[place] !== 0) continue
      this.#starts[place] = keyStart
      this.#ends[place] = keyEnd
      this.#hashes[place] = hash
      this.values[place] = value
      return true
    }
    return false
  }

  #grow(): void {
    const { values } = this
    const [hashes, starts, ends] = [this.#hashes, this.#starts, this.#ends]
    const capacity = hashes.length * 2
    this.values = emptyPlaces(capacity)
    this.#hashes = new Int32Array(capacity)
    this.#starts = new Int32Array(capacity)
    this.#ends = new Int32Array(capacity)
    this.size = 0
    for (const [place, hash] of hashes.entries()) {
      const [keyStart, keyEnd] = [starts[place] as number, ends[place] as number]
      if (keyEnd === 0) continue
      if (this.#put({ hash, keyStart, keyEnd, value: values[place] as Value })) this.size++
    }
  }
}

function emptyPlaces<T>(count: number): (T | undefined)[] {
  return new Array<T | undefined>(count).fill(undefined)
}

function enlarged(bytes: Uint8Array<ArrayBuffer>, neededBytes: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(neededBytes, bytes.length * 2))
  larger.set(bytes)
  return larger
}
