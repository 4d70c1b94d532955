import { DecodeError } from './errors.ts'
import type { ByteInterner } from './interner.ts'
import { WireReader } from './wire-reader.ts'

// Decoders switch over whole tags, (field number << 3) | wire type, so a field with an unexpected wire type is skipped
// like an unknown one.

/** The bytes of a message, among others. */
export type MessageBytes = Readonly<{ bytes: Uint8Array; start: number; end: number }>

/** Decodes one whole message; `read` must consume exactly its bytes. Whatever goes wrong is a DecodeError. */
export function decodeMessage<T>(
  what: string,
  message: MessageBytes,
  read: (reader: WireReader, end: number) => T,
): T {
  return new MessageDecoder(what).decode(message, read)
}

/** decodeMessage for many messages, one after the other: not for one within another. */
export class MessageDecoder {
  readonly #what: string
  readonly #reader = new WireReader()

  constructor(what: string) {
    this.#what = what
  }

  decode<T>({ bytes, start, end }: MessageBytes, read: (reader: WireReader, end: number) => T): T {
    const reader = this.#reader
    try {
      reader.begin(bytes, start, end)
      const value = read(reader, end)
      leave(reader, end)
      return value
    } catch (error) {
      throw new DecodeError(`decode ${this.#what}`, { cause: error })
    }
  }
}

/** Reads the length of a nested message; gives the position where it ends. */
export function enter(reader: WireReader): number {
  const size = reader.size()
  return reader.pos + size
}

/** All of the bytes. */
export function wholeMessage(bytes: Uint8Array): MessageBytes {
  return { bytes, start: 0, end: bytes.length }
}

/** Reads the place of a nested message, which is decoded by itself. */
export function nestedMessage(reader: WireReader): MessageBytes {
  const end = enter(reader)
  const start = reader.pos
  reader.pos = end
  return { bytes: reader.bytes, start, end }
}

/** Checks that a nested message ended where its length said. */
export function leave(reader: WireReader, end: number): void {
  if (reader.pos !== end) throw new DecodeError('a field crosses the end of its message')
}

/** An entry of a `map<string, string>` field, put into `into`. */
export function readMapEntry(reader: WireReader, into: Map<string, string>, interner: ByteInterner): void {
  const end = enter(reader)
  let key = ''
  let value = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        key = reader.interned(interner)
        break
      case (2 << 3) | 2:
        value = reader.interned(interner)
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
  into.set(key, value)
}
