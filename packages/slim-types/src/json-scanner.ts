import { isUtf8 } from 'node:buffer'
import { asBuffer } from './bytes.ts'
import { DecodeError } from './errors.ts'
import {
  arePlain,
  backslash,
  closeBrace,
  closeBracket,
  colon,
  comma,
  isDigit,
  isHexDigit,
  isPlain,
  isShortEscape,
  minus,
  openBrace,
  openBracket,
  quote,
  space,
} from './json-bytes.ts'
import type { MessageBytes } from './protobuf.ts'

/** Deeper than anything that Kubernetes has, and far from the end of the stack. */
const maxDepth = 500

/** What is in the place of a byte behind the end: no byte of JSON. */
const nothing = -1

/**
 * Goes through the bytes of one JSON document (RFC 8259) without making anything of them. Accepts and refuses what
 * JSON.parse does, also in what is skipped, with two bounds more: the bytes are UTF-8, and nest at most 500 deep.
 */
export class JsonScanner {
  readonly bytes: Buffer
  readonly #view: DataView
  /** Of the next byte to read. */
  pos: number
  readonly #end: number
  #depth = 0
  /** The string that was read last: its bytes without the quotes. */
  textStart = 0
  textEnd = 0
  /** Whether it has escapes: then its bytes are not those of its value. */
  isEscaped = false

  constructor({ bytes, start, end }: MessageBytes) {
    const isWhole = start === 0 && end === bytes.length
    if (!isUtf8(isWhole ? bytes : bytes.subarray(start, end))) throw new DecodeError('JSON that is not UTF-8')
    this.bytes = asBuffer(bytes)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.pos = start
    this.#end = end
  }

  get isObjectNext(): boolean {
    return this.#token() === openBrace
  }

  get isListNext(): boolean {
    return this.#token() === openBracket
  }

  get isTextNext(): boolean {
    return this.#token() === quote
  }

  /** Reads `{`. Whether there is a key, to be read by `key`. */
  enterObject(): boolean {
    this.#expect(openBrace)
    return this.#enter(closeBrace)
  }

  /** Reads a key, which is the last string then, and the colon. */
  key(): void {
    this.text()
    this.#expect(colon)
  }

  /** After a value in an object: whether another key is next. */
  nextKey(): boolean {
    return this.#next(closeBrace)
  }

  /** Reads `[`. Whether there is a value in it. */
  enterList(): boolean {
    this.#expect(openBracket)
    return this.#enter(closeBracket)
  }

  /** After a value in a list: whether another one is next. */
  nextElement(): boolean {
    return this.#next(closeBracket)
  }

  /** Checks that nothing follows. */
  finish(): void {
    if (this.#token() !== nothing) this.#fail()
  }

  /** Reads a string: where it is, and whether it has escapes. */
  text(): void {
    this.#expect(quote)
    const { bytes } = this
    const view = this.#view
    const end = this.#end
    let pos = this.pos
    this.textStart = pos
    this.isEscaped = false
    for (;;) {
      while (pos + 4 <= end && arePlain(view.getInt32(pos))) pos += 4
      while (pos < end && isPlain(bytes[pos] as number)) pos++
      this.pos = pos
      const byte = this.#byteAt(pos)
      if (byte === quote) break
      if (byte !== backslash) this.#fail()
      pos = this.#escape()
    }
    this.textEnd = pos
    this.pos = pos + 1
  }

  /** Goes over a value of any kind. */
  skip(): void {
    switch (this.#token()) {
      case openBrace:
        for (let more = this.enterObject(); more; more = this.nextKey()) {
          this.key()
          this.skip()
        }
        return
      case openBracket:
        for (let more = this.enterList(); more; more = this.nextElement()) this.skip()
        return
      case quote:
        this.text()
        return
      default:
        this.#scalar()
    }
  }

  /** The first byte that is no white space. */
  #token(): number {
    const byte = this.#byteAt(this.pos)
    return byte > space ? byte : this.#tokenBehindSpace()
  }

  #tokenBehindSpace(): number {
    for (; this.pos < this.#end; this.pos++) {
      const byte = this.bytes[this.pos] as number
      if (byte !== space && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte
    }
    return nothing
  }

  #expect(byte: number): void {
    if (this.#token() !== byte) this.#fail()
    this.pos++
  }

  #enter(close: number): boolean {
    if (++this.#depth > maxDepth) throw new DecodeError(`JSON that nests more than ${maxDepth} deep`)
    if (this.#token() !== close) return true
    this.#leave()
    return false
  }

  #next(close: number): boolean {
    const byte = this.#token()
    if (byte === comma) {
      this.pos++
      return true
    }
    if (byte !== close) this.#fail()
    this.#leave()
    return false
  }

  #leave(): void {
    this.pos++
    this.#depth--
  }

  /** From the backslash on; gives the position behind. */
  #escape(): number {
    this.isEscaped = true
    const code = this.#byteAt(this.pos + 1)
    if (code === 0x75) {
      for (let i = 2; i < 6; i++) if (!isHexDigit(this.#byteAt(this.pos + i))) this.#fail()
      return this.pos + 6
    }
    if (!isShortEscape(code)) this.#fail()
    return this.pos + 2
  }

  #scalar(): void {
    const byte = this.#token()
    if (byte === 0x74) this.#word('true')
    else if (byte === 0x66) this.#word('false')
    else if (byte === 0x6e) this.#word('null')
    else this.#number()
  }

  #word(word: string): void {
    for (let i = 0; i < word.length; i++) if (this.#byteAt(this.pos + i) !== word.charCodeAt(i)) this.#fail()
    this.pos += word.length
  }

  #number(): void {
    if (this.#byteAt(this.pos) === minus) this.pos++
    if (this.#byteAt(this.pos) === 0x30) this.pos++
    else this.#digits()
    if (this.#byteAt(this.pos) === 0x2e) {
      this.pos++
      this.#digits()
    }
    if ((this.#byteAt(this.pos) | 0x20) !== 0x65) return
    this.pos++
    const sign = this.#byteAt(this.pos)
    if (sign === 0x2b || sign === minus) this.pos++
    this.#digits()
  }

  /** At least one. */
  #digits(): void {
    if (!isDigit(this.#byteAt(this.pos))) this.#fail()
    while (isDigit(this.#byteAt(this.pos))) this.pos++
  }

  #byteAt(pos: number): number {
    return pos < this.#end ? (this.bytes[pos] as number) : nothing
  }

  #fail(): never {
    throw new DecodeError(
      this.pos < this.#end ? `JSON that is wrong at the byte ${this.pos}` : 'JSON that ends too early',
    )
  }
}
