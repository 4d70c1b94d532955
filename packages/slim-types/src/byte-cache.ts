/** As many places are looked at before a key counts as absent: what somebody made collide is slow for nobody. */
const maxProbes = 32
const initialCapacity = 256

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
    let hash = this.#seed
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
    const place = this.#young.placeOf({ hash, bytes, start, end })
    if (place >= 0) return this.#young.values[place]
    const oldPlace = this.#old.placeOf({ hash, bytes, start, end })
    if (oldPlace < 0) return undefined
    const value = this.#old.values[oldPlace] as Value
    this.#add(this.#old.keys[oldPlace] as string, hash, value)
    return value
  }

  /** `key` has a character for each byte (latin1), and was not found before. */
  add(key: string, value: Value): void {
    let hash = this.#seed
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
    this.#add(key, hash, value)
  }

  #add(key: string, hash: number, value: Value): void {
    if (this.#young.size >= this.#generationSize) {
      this.#old = this.#young
      this.#young = new Generation()
    }
    this.#young.add(key, hash, value)
  }
}

type Wanted = Readonly<{ hash: number; bytes: Uint8Array; start: number; end: number }>

/** A hash table with open addressing; nothing is ever removed from it. */
class Generation<Value> {
  size = 0
  keys: (string | undefined)[] = emptyPlaces(initialCapacity)
  values: (Value | undefined)[] = emptyPlaces(initialCapacity)
  #hashes = new Int32Array(initialCapacity)

  placeOf({ hash, bytes, start, end }: Wanted): number {
    const mask = this.#hashes.length - 1
    for (let probe = 0, place = spread(hash) & mask; probe < maxProbes; probe++, place = (place + 1) & mask) {
      const key = this.keys[place]
      if (key === undefined) return -1
      if (this.#hashes[place] === hash && equalBytes(key, { bytes, start, end })) return place
    }
    return -1
  }

  add(key: string, hash: number, value: Value): void {
    if (this.size * 2 >= this.#hashes.length) this.#grow()
    if (this.#put(key, hash, value)) this.size++
  }

  #put(key: string, hash: number, value: Value): boolean {
    const mask = this.#hashes.length - 1
    for (let probe = 0, place = spread(hash) & mask; probe < maxProbes; probe++, place = (place + 1) & mask) {
      if (this.keys[place] !== undefined) continue
      this.keys[place] = key
      this.values[place] = value
      this.#hashes[place] = hash
      return true
    }
    return false
  }

  #grow(): void {
    const { keys, values } = this
    const hashes = this.#hashes
    const capacity = hashes.length * 2
    this.keys = emptyPlaces(capacity)
    this.values = emptyPlaces(capacity)
    this.#hashes = new Int32Array(capacity)
    this.size = 0
    for (const [place, key] of keys.entries()) {
      if (key !== undefined && this.#put(key, hashes[place] as number, values[place] as Value)) this.size++
    }
  }
}

function emptyPlaces<T>(count: number): (T | undefined)[] {
  return new Array<T | undefined>(count).fill(undefined)
}

/** The upper bits of the product are the good ones. */
function spread(hash: number): number {
  return hash ^ (hash >>> 15)
}

function equalBytes(
  key: string,
  { bytes, start, end }: Readonly<{ bytes: Uint8Array; start: number; end: number }>,
): boolean {
  if (key.length !== end - start) return false
  for (let i = 0; i < key.length; i++) if (key.charCodeAt(i) !== bytes[start + i]) return false
  return true
}
