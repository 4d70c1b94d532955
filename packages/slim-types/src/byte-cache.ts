import { hashOfBytes, type KeyBytes } from '@axoneme/key-hash'
import { viewOf } from './bytes.ts'

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
export class ByteCache<Value extends NonNullable<unknown>> {
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
    const hash = hashOfBytes(span, this.#seed)
    const young = this.#young.find(span, hash)
    if (young !== undefined) return young
    const old = this.#old.find(span, hash)
    if (old !== undefined) this.#add({ span, hash, value: old })
    return old
  }

  /** Under a key that was not found before. */
  add(bytes: Uint8Array, { start, end, value }: { start: number; end: number; value: Value }): void {
    const span = this.#spanOf(bytes, start, end)
    this.#add({ span, hash: hashOfBytes(span, this.#seed), value })
  }

  #add(entry: Entry<Value>): void {
    if (this.#young.size >= this.#generationSize) {
      this.#old = this.#young
      this.#young = new Generation()
    }
    this.#young.add(entry)
  }

  /** Is overwritten by the next one. Most keys lie in the same bytes as the one before. */
  #spanOf(bytes: Uint8Array, start: number, end: number): KeyBytes {
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

type Entry<Value> = Readonly<{ span: KeyBytes; hash: number; value: Value }>

/** Of a place: the hash of its key, where this begins and ends among all keys (both 0: the place is free), the value. */
const placeShift = 2
const placeSize = 1 << placeShift

/** A hash table with open addressing; nothing is ever removed from it. */
class Generation<Value> {
  size = 0
  /** What is needed together lies together: memory is slow. */
  #places = emptyPlaces<Value>(initialCapacity)
  #keys = viewOf(new Uint8Array(initialKeyBytes))
  // Not 0, so that the empty key is told from a free place.
  #keyBytes = 1

  find(span: KeyBytes, hash: number): Value | undefined {
    const places = this.#places
    const mask = places.length - 1
    let at = (hash << placeShift) & mask
    for (let probe = 0; probe < maxProbes; probe++, at = (at + placeSize) & mask) {
      const keyEnd = places[at + 2] as number
      if (keyEnd === 0) return undefined
      if (places[at] === hash && this.#isAt(places[at + 1] as number, keyEnd, span)) {
        return places[at + 3] as Value
      }
    }
    return undefined
  }

  add({ span, hash, value }: Entry<Value>): void {
    if (this.size * 2 * placeSize >= this.#places.length) this.#grow()
    const { view, start, end } = span
    const keyStart = this.#keyBytes
    const keyEnd = keyStart + end - start
    if (!this.#put({ hash, keyStart, keyEnd, value })) return
    if (keyEnd > this.#keys.byteLength) this.#keys = enlarged(this.#keys, keyEnd)
    for (let i = start, at = keyStart; i < end; i++, at++) this.#keys.setUint8(at, view.getUint8(i))
    this.#keyBytes = keyEnd
    this.size++
  }

  #isAt(keyStart: number, keyEnd: number, { view, start, end }: KeyBytes): boolean {
    const keys = this.#keys
    let keyAt = keyStart
    if (keyEnd - keyStart !== end - start) return false
    let at = start
    for (; at + 4 <= end; at += 4, keyAt += 4) {
      if (keys.getInt32(keyAt, true) !== view.getInt32(at, true)) return false
    }
    for (; at < end; at++, keyAt++) if (keys.getUint8(keyAt) !== view.getUint8(at)) return false
    return true
  }

  #put({ hash, keyStart, keyEnd, value }: PlacedEntry<Value>): boolean {
    const places = this.#places
    const mask = places.length - 1
    let at = (hash << placeShift) & mask
    for (let probe = 0; probe < maxProbes; probe++, at = (at + placeSize) & mask) {
      if (places[at + 2] !== 0) continue
      places[at] = hash
      places[at + 1] = keyStart
      places[at + 2] = keyEnd
      places[at + 3] = value
      return true
    }
    return false
  }

  #grow(): void {
    const old = this.#places
    this.#places = emptyPlaces((old.length / placeSize) * 2)
    this.size = 0
    for (let at = 0; at < old.length; at += placeSize) {
      const [hash, keyStart, keyEnd] = [old[at], old[at + 1], old[at + 2]] as [number, number, number]
      if (keyEnd === 0) continue
      if (this.#put({ hash, keyStart, keyEnd, value: old[at + 3] as Value })) this.size++
    }
  }
}

type PlacedEntry<Value> = Readonly<{ hash: number; keyStart: number; keyEnd: number; value: Value }>

function emptyPlaces<Value>(count: number): (number | Value | undefined)[] {
  return new Array<number | Value | undefined>(count * placeSize).fill(0)
}

function enlarged(view: DataView, neededBytes: number): DataView {
  const larger = new Uint8Array(Math.max(neededBytes, view.byteLength * 2))
  larger.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
  return viewOf(larger)
}
