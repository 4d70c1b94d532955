import { type BufferReader, Reader } from 'protobufjs/minimal.js'
import { asBuffer } from './bytes.ts'
import { DecodeError, decoding } from './errors.ts'

// The wire format: https://protobuf.dev/programming-guides/encoding. Decoders switch over whole tags,
// (field number << 3) | wire type, so a field with an unexpected wire type is skipped like an unknown one.

export type WireReader = Reader | BufferReader

/** Decodes one whole message; `read` must consume exactly its bytes. Whatever goes wrong is a DecodeError. */
export function decodeMessage<T>(
  what: string,
  bytes: Uint8Array,
  read: (reader: WireReader, end: number) => T,
): T {
  return decoding(what, () => {
    const reader = Reader.create(asBuffer(bytes))
    const value = read(reader, reader.len)
    leave(reader, reader.len)
    return value
  })
}

/** Reads the length of a nested message; gives the position where it ends. */
export function enter(reader: WireReader): number {
  const end = reader.size() + reader.pos
  if (end > reader.len) throw new DecodeError('a nested message is longer than what holds it')
  return end
}

/** Checks that a nested message ended where its length said. */
export function leave(reader: WireReader, end: number): void {
  if (reader.pos !== end) throw new DecodeError('a field crosses the end of its message')
}

/** Skips a field that is not acted on, without looking into it. */
export function skipField(reader: WireReader, tag: number): void {
  reader.skipType(tag & 7, 0, tag >>> 3)
}

/** Skips the whole of a message whose fields are not wanted. */
export function skipMessage(reader: WireReader): void {
  reader.skip(reader.size())
}

/** A message of which one string field is wanted: '' when it is absent. */
export function readTextOf(reader: WireReader, wantedTag: number): string {
  const end = enter(reader)
  let text = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag === wantedTag) text = reader.string()
    else skipField(reader, tag)
  }
  leave(reader, end)
  return text
}

/** An entry of a `map<string, string>` field, put into `into`. */
export function readMapEntry(
  reader: WireReader,
  into: Map<string, string>,
  intern: (text: string) => string,
): void {
  const end = enter(reader)
  let key = ''
  let value = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        key = intern(reader.string())
        break
      case (2 << 3) | 2:
        value = intern(reader.string())
        break
      default:
        skipField(reader, tag)
    }
  }
  leave(reader, end)
  into.set(key, value)
}
