/** As many places are looked at before a key counts as absent: what somebody made collide is slow for nobody. */
const maxProbes = 32
const initialCapacity = 256
const initialKeyBytes = 4096
const noBytes = new Uint8Array()

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
  #viewed: Uint8Array = noBytes
  readonly #span = { view: viewOf(noBytes), start: 0, end: 0 }

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
    const span = this.#spanOf(bytes, start, end)
    const hash = hashOf(span, this.#seed)
    const place = this.#young.placeOf(span, hash)
    if (place >= 0) return this.#young.values[place]
    const oldPlace = this.#old.placeOf(span, hash)
    if (oldPlace < 0) return undefined
    const value = this.#old.values[oldPlace] as Value
    this.#add({ span, hash, value })
    return value
  }

  /** Under a key that was not found before. */
  add(bytes: Uint8Array, { start, end, value }: { start: number; end: number; value: Value }): void {
    const span = this.#spanOf(bytes, start, end)
    this.#add({ span, hash: hashOf(span, this.#seed), value })
  }

  #add(entry: Entry<Value>): void {
    if (this.#young.size >= this.#generationSize) {
      this.#old = this.#young
      this.#young = new Generation()
    }
    this.#young.add(entry)
  }

  /** Is overwritten by the next one. Most keys lie in the same bytes as the one before. */
  #spanOf(bytes: Uint8Array, start: number, end: number): Span {
    const span = this.#span
    if (bytes !== this.#viewed) {
      this.#viewed = bytes
      span.view = viewOf(bytes)
    }
    span.start = start
    span.end = end
    return span
  }
}

type Entry<Value> = Readonly<{ span: Span; hash: number; value: Value }>

type Span = Readonly<{ view: DataView; start: number; end: number }>

/** Four bytes at a time: each step waits for the one before it. */
function hashOf({ view, start, end }: Span, seed: number): number {
  let hash = seed ^ (end - start)
  let at = start
  for (; at + 4 <= end; at += 4) hash = mixed(hash ^ view.getInt32(at, true))
  for (; at < end; at++) hash = mixed(hash ^ view.getUint8(at))
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
  #keys = viewOf(new Uint8Array(initialKeyBytes))
  // Not 0, so that the empty key is told from a free place.
  #keyBytes = 1

  placeOf(span: Span, hash: number): number {
    const mask = this.#hashes.length - 1
    for (let probe = 0, place = hash & mask; probe < maxProbes; probe++, place = (place + 1) & mask) {
      if (this.#ends[place] === 0) return -1
      if (this.#hashes[place] === hash && this.#isAt(place, span)) return place
    }
    return -1
  }

  add({ span, hash, value }: Entry<Value>): void {
    if (this.size * 2 >= this.#hashes.length) this.#grow()
    const { view, start, end } = span
    const keyStart = this.#keyBytes
    const keyEnd = keyStart + end - start
    if (!this.#put({ hash, keyStart, keyEnd, value })) return
    if (keyEnd > this.#keys.byteLength) this.#keys = enlarged(this.#keys, keyEnd)
    for (let i = start, at = keyStart; i < end; i++, at++) this.#keys.setUint8(at, view.getUint8(i))
    this.#keyBytes = keyEnd
    this.size++
  }

  #isAt(place: number, { view, start, end }: Span): boolean {
    const keys = this.#keys
    let keyAt = this.#starts[place] as number
    if ((this.#ends[place] as number) - keyAt !== end - start) return false
    let at = start
    for (; at + 4 <= end; at += 4, keyAt += 4) {
      if (keys.getInt32(keyAt, true) !== view.getInt32(at, true)) return false
    }
    for (; at < end; at++, keyAt++) if (keys.getUint8(keyAt) !== view.getUint8(at)) return false
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

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function enlarged(view: DataView, neededBytes: number): DataView {
  const larger = new Uint8Array(Math.max(neededBytes, view.byteLength * 2))
  larger.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
  return viewOf(larger)
}
