import { asBuffer, isAsciiAt, viewOf } from './bytes.ts'
import { DecodeError } from './errors.ts'
import type { ByteInterner } from './interner.ts'
import { maxExactDigits } from './resource-version.ts'

const noBytes = Buffer.alloc(0)
const zero = '0'.charCodeAt(0)

/** Reads the fields of a protobuf message (https://protobuf.dev/programming-guides/encoding) one after the other. */
export class WireReader {
  pos = 0
  len = 0
  bytes: Buffer = noBytes
  #view: DataView | undefined

  /** From now on reads from `start` to `end` of the bytes; positions are those in the bytes. */
  begin(bytes: Uint8Array, start: number, end: number): void {
    if (bytes !== this.bytes) {
      this.bytes = asBuffer(bytes)
      this.#view = undefined
    }
    this.pos = start
    this.len = end
  }

  /** Of `bytes`. */
  get view(): DataView {
    this.#view ??= viewOf(this.bytes)
    return this.#view
  }

  /** (field number << 3) | wire type. */
  tag(): number {
    const tag = this.uint32()
    if (tag >>> 3 === 0) throw new DecodeError('a field with the number 0')
    return tag
  }

  /**
   * Skips fields that are not `wanted` (bit n stands for the field n), as far as they are what nearly all are: bytes, with a tag
   * of one byte and a length of one or two. Whether something is left up to `end`.
   */
  skipTo(wanted: number, end: number): boolean {
    const { bytes } = this
    let { pos } = this
    while (pos + 2 < end) {
      const tag = bytes[pos] as number
      if (tag > 127 || (tag & 7) !== 2 || tag < 8 || ((wanted >>> (tag >>> 3)) & 1) !== 0) break
      let size = bytes[pos + 1] as number
      let next = pos + 2
      if (size > 127) {
        const high = bytes[next++] as number
        if (high > 127) break
        size = (size & 127) | (high << 7)
      }
      if (size > end - next) break
      pos = next + size
    }
    this.pos = pos
    return pos < end
  }

  /** Whether `tag`, which is below 128, is next; it is read then. */
  accept(tag: number): boolean {
    if (this.pos >= this.len || this.bytes[this.pos] !== tag) return false
    this.pos++
    return true
  }

  /** A varint, cut to its lower 32 bits: negative numbers are sent with 64. */
  uint32(): number {
    const { bytes, pos } = this
    // Nearly all have one byte or two.
    if (pos + 1 < this.len) {
      const first = bytes[pos] as number
      if (first < 128) {
        this.pos = pos + 1
        return first
      }
      const second = bytes[pos + 1] as number
      if (second < 128) {
        this.pos = pos + 2
        return (first & 127) | (second << 7)
      }
    }
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte()
      if (shift < 32) value |= (byte & 127) << shift
      if (byte < 128) return value >>> 0
    }
    throw new DecodeError('a varint of more than ten bytes')
  }

  int32(): number {
    return this.uint32() | 0
  }

  bool(): boolean {
    let bits = 0
    for (let i = 0; i < 10; i++) {
      const byte = this.#byte()
      bits |= byte & 127
      if (byte < 128) return bits !== 0
    }
    throw new DecodeError('a varint of more than ten bytes')
  }

  /** The length of what follows, which is there. */
  size(): number {
    const size = this.uint32()
    if (size > this.len - this.pos) throw new DecodeError('a field is longer than what holds it')
    return size
  }

  string(): string {
    const start = this.#enterBytes()
    if (start === this.pos) return ''
    return this.bytes.toString('utf8', start, this.pos)
  }

  /** A string, as a number where that is a decimal which a double holds exactly (see ResourceVersion). */
  decimal(): number | string {
    const start = this.#enterBytes()
    const { bytes, pos } = this
    const digits = pos - start
    if (digits === 0) return ''
    if (digits > maxExactDigits || (bytes[start] === zero && digits > 1)) {
      return bytes.toString('utf8', start, pos)
    }
    let value = 0
    for (let at = start; at < pos; at++) {
      const digit = (bytes[at] as number) - zero
      if (digit < 0 || digit > 9) return bytes.toString('utf8', start, pos)
      value = value * 10 + digit
    }
    return value
  }

  /** Whether the string that is next is `text`; false for all that are not ASCII. It is not read by that. */
  isNext(text: string): boolean {
    const before = this.pos
    const start = this.#enterBytes()
    const { bytes, pos } = this
    this.pos = before
    return pos - start === text.length && isAsciiAt(text, bytes, start)
  }

  /** `known` when that is what stands there: nothing is made then. */
  stringOr(known: string): string {
    const start = this.#enterBytes()
    const { bytes, pos } = this
    if (pos - start === known.length && isAsciiAt(known, bytes, start)) return known
    return bytes.toString('utf8', start, pos)
  }

  /** The same with several that may be known. */
  oneOf(known: readonly string[]): string {
    for (const text of known) {
      if (!this.isNext(text)) continue
      this.#enterBytes()
      return text
    }
    return this.string()
  }

  /** The same, of what is interned otherwise. */
  internedOr(known: string, interner: ByteInterner): string {
    const start = this.pos
    const text = this.stringOr(known)
    if (text === known) return known
    this.pos = start
    return this.interned(interner)
  }

  interned(interner: ByteInterner): string {
    const start = this.#enterBytes()
    return interner.internBytes(this.bytes, start, this.pos)
  }

  /** Skips the value of a field that is not acted on, without looking into it. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        for (let i = 0; i < 10; i++) if (this.#byte() < 128) return
        throw new DecodeError('a varint of more than ten bytes')
      case 1:
        this.#advance(8)
        return
      case 2:
        this.#enterBytes()
        return
      case 5:
        this.#advance(4)
        return
      default:
        // Groups, which Kubernetes never had.
        throw new DecodeError(`a field of the wire type ${tag & 7}`)
    }
  }

  #enterBytes(): number {
    const size = this.size()
    const start = this.pos
    this.pos = start + size
    return start
  }

  #advance(count: number): void {
    if (count > this.len - this.pos) throw new DecodeError('a field is longer than what holds it')
    this.pos += count
  }

  #byte(): number {
    if (this.pos >= this.len) throw new DecodeError('the message ends within a field')
    return this.bytes[this.pos++] as number
  }
}
