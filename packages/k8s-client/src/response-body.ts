import type { ResponseHead } from './response-head.ts'

export type Span = Readonly<{ bytes: Buffer; start: number; end: number }>

/** Takes the bytes behind the head of an HTTP/1.1 answer apart (RFC 9112, sections 6 and 7). */
export type ResponseBody = {
  /**
   * Adds to `parts` (see BodyParts) where content lies in what was read. True once the body is complete; more must not come
   * then. Throws RangeError for what is no body.
   */
  push(read: Span, parts: number[]): boolean
  /** Whether the end of the connection is the end of the body, too. */
  readonly endsWithConnection: boolean
}

/** Throws RangeError where the head does not say how long the body is in a way that is known here. */
export function responseBodyOf({ status, headers }: ResponseHead): ResponseBody {
  const encoding = headers['transfer-encoding']
  if (status === 204 || status === 304) return new SizedBody(0)
  if (encoding !== undefined) {
    if (encoding.toLowerCase() !== 'chunked') throw new RangeError(`the transfer encoding ${encoding}`)
    return new ChunkedBody()
  }
  const length = headers['content-length']
  if (length === undefined) return new SizedBody(Number.POSITIVE_INFINITY)
  if (!/^\d{1,15}$/.test(length)) throw new RangeError(`the content length ${length}`)
  return new SizedBody(Number(length))
}

class SizedBody implements ResponseBody {
  readonly endsWithConnection: boolean
  #left: number

  constructor(size: number) {
    this.#left = size
    this.endsWithConnection = size === Number.POSITIVE_INFINITY
  }

  push({ start, end }: Span, parts: number[]): boolean {
    const length = Math.min(end - start, this.#left)
    this.#left -= length
    if (length > 0) parts.push(start, start + length)
    return this.#left === 0
  }
}

const [carriageReturn, lineFeed, semicolon] = [0x0d, 0x0a, 0x3b]
/** Of chunk extensions, and of the trailer: neither is used. */
const maxIgnoredBytes = 16 * 1024
const maxSizeDigits = 7

type ChunkState =
  | 'size'
  | 'extension'
  | 'size-end'
  | 'content'
  | 'content-cr'
  | 'content-lf'
  | 'trailer'
  | 'ended'

class ChunkedBody implements ResponseBody {
  readonly endsWithConnection = false
  #state: ChunkState = 'size'
  #size = 0
  #digits = 0
  #ignored = 0
  /** Of the trailer's line: an empty one is the end. */
  #lineBytes = 0

  push({ bytes, start, end }: Span, parts: number[]): boolean {
    let at = start
    while (at < end && this.#state !== 'ended') {
      if (this.#state === 'content') {
        const contentEnd = Math.min(at + this.#size, end)
        this.#size -= contentEnd - at
        if (this.#size === 0) this.#state = 'content-cr'
        parts.push(at, contentEnd)
        at = contentEnd
      } else at = this.#wholeLine(bytes, at, end) ?? this.#next(bytes, at)
    }
    return this.#state === 'ended'
  }

  /** Behind the end of one chunk and the size of the next, where both are there and nothing else is: as nearly always. */
  #wholeLine(bytes: Buffer, start: number, end: number): number | undefined {
    if (this.#state !== 'content-cr' || start + 4 > end) return undefined
    if (bytes[start] !== carriageReturn || bytes[start + 1] !== lineFeed) return undefined
    const sizeStart = start + 2
    const lastStart = Math.min(end - 2, sizeStart + maxSizeDigits)
    let size = 0
    let at = sizeStart
    for (; at <= lastStart; at++) {
      const digit = hexDigit(bytes[at] as number)
      if (digit < 0) break
      size = size * 16 + digit
    }
    if (size === 0 || at > lastStart || bytes[at] !== carriageReturn || bytes[at + 1] !== lineFeed) {
      return undefined
    }
    this.#size = size
    this.#state = 'content'
    return at + 2
  }

  #next(bytes: Buffer, at: number): number {
    this.#step(bytes[at] as number)
    return at + 1
  }

  #step(byte: number): void {
    switch (this.#state) {
      case 'size':
        this.#sizeByte(byte)
        return
      case 'extension':
        if (byte === carriageReturn) this.#state = 'size-end'
        else this.#ignore()
        return
      case 'size-end':
        expect(byte, lineFeed)
        this.#state = this.#size === 0 ? 'trailer' : 'content'
        this.#digits = 0
        this.#ignored = 0
        return
      case 'content-cr':
        expect(byte, carriageReturn)
        this.#state = 'content-lf'
        return
      case 'content-lf':
        expect(byte, lineFeed)
        this.#state = 'size'
        return
      default:
        this.#trailerByte(byte)
    }
  }

  #sizeByte(byte: number): void {
    const digit = hexDigit(byte)
    if (digit >= 0) {
      if (++this.#digits > maxSizeDigits) throw new RangeError('a chunk of more than 256 MiB')
      this.#size = this.#size * 16 + digit
      return
    }
    if (this.#digits === 0) throw new RangeError('a chunk without a size')
    if (byte === carriageReturn) this.#state = 'size-end'
    else if (byte === semicolon) this.#state = 'extension'
    else throw new RangeError('a chunk with a size that is no number')
  }

  #trailerByte(byte: number): void {
    this.#ignore()
    if (byte === lineFeed) {
      if (this.#lineBytes === 0) this.#state = 'ended'
      this.#lineBytes = 0
    } else if (byte !== carriageReturn) this.#lineBytes++
  }

  #ignore(): void {
    if (++this.#ignored > maxIgnoredBytes) {
      throw new RangeError(`more than ${maxIgnoredBytes} bytes beside the chunks`)
    }
  }
}

function expect(byte: number, expected: number): void {
  if (byte !== expected) throw new RangeError('a chunk that does not end where its size says')
}

/** -1 for what is none. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
