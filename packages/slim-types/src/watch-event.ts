import { type Bookmark, bookmarkFromJson, readBookmark } from './bookmark.ts'
import type { Decoder } from './decoder.ts'
import { openEnvelope } from './envelope.ts'
import { DecodeError, decoding } from './errors.ts'
import { asObject, parseJson, textAt } from './json.ts'
import { identityFromJson, type ObjectIdentity, readIdentity } from './meta.ts'
import { decodeMessage, enter, leave, skipField, type WireReader } from './protobuf.ts'
import { type ApiStatus, readStatus, statusFromJson } from './status.ts'
import type { WireFormat } from './wire-format.ts'

/** One event of a watch. */
export type WatchEvent<T> =
  | Readonly<{ type: 'ADDED' | 'MODIFIED'; key: string; resourceVersion: string; row: T }>
  /** Of a deleted object only the identity is decoded. */
  | Readonly<{ type: 'DELETED'; key: string; resourceVersion: string }>
  /** `endsInitialEvents`: of a watch that began with the objects that exist, these are complete now. */
  | Readonly<{ type: 'BOOKMARK'; resourceVersion: string; endsInitialEvents: boolean }>
  | Readonly<{ type: 'ERROR'; status: ApiStatus }>
  /** An added or modified object that is not what its kind says, though its metadata can be read. */
  | Readonly<{ type: 'INVALID'; key: string; resourceVersion: string; error: DecodeError }>

/** Decodes one frame of a watch. Throws DecodeError when it is no event, or not one of the decoder's kind. */
export function decodeWatchEvent<T>(
  frame: Uint8Array,
  format: WireFormat,
  decoder: Decoder<T>,
): WatchEvent<T> {
  return format === 'protobuf' ? eventFromProtobuf(frame, decoder) : eventFromJson(frame, decoder)
}

/** The ways to read the object of an event, so that only what the event's type needs is decoded. */
type ObjectReader<T> = Readonly<{
  kind: string
  identity: () => ObjectIdentity
  bookmark: () => Bookmark
  row: () => T
  status: () => ApiStatus
}>

function eventOf<T>(type: string, object: ObjectReader<T>, decoder: Decoder<T>): WatchEvent<T> {
  if (type === 'ERROR') return { type, status: object.status() }
  if (object.kind !== decoder.kind) {
    throw new DecodeError(`a ${JSON.stringify(object.kind)} in a watch of ${decoder.resource}`)
  }
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      return upsertOf(type, object, decoder)
    case 'DELETED':
      return { type, ...object.identity() }
    case 'BOOKMARK':
      return { type, ...object.bookmark() }
    default:
      throw new DecodeError(`a watch event of the type ${JSON.stringify(type)}`)
  }
}

function upsertOf<T>(
  type: 'ADDED' | 'MODIFIED',
  object: ObjectReader<T>,
  decoder: Decoder<T>,
): WatchEvent<T> {
  try {
    const row = object.row()
    return { type, ...decoder.identify(row), row }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return { type: 'INVALID', ...object.identity(), error }
  }
}

function eventFromProtobuf<T>(frame: Uint8Array, decoder: Decoder<T>): WatchEvent<T> {
  const { type, object } = decodeMessage('WatchEvent', frame, readEvent)
  const { fromProtobuf } = decoder
  if (fromProtobuf === undefined) throw new DecodeError(`a protobuf watch of ${decoder.resource}`)
  const { kind, raw } = openEnvelope(object)
  const reader: ObjectReader<T> = {
    kind,
    identity: () => decodeMessage('metadata', raw, readIdentity),
    bookmark: () => decodeMessage('bookmark', raw, readBookmark),
    row: () => fromProtobuf(raw),
    status: () => {
      if (kind !== 'Status') throw new DecodeError(`a ${JSON.stringify(kind)} where a Status was expected`)
      return decodeMessage('Status', raw, readStatus)
    },
  }
  return eventOf(type, reader, decoder)
}

function readEvent(reader: WireReader, end: number): { type: string; object: Uint8Array } {
  let type = ''
  let object: Uint8Array = new Uint8Array()
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag === ((1 << 3) | 2)) type = reader.string()
    else if (tag === ((2 << 3) | 2)) object = readRawExtension(reader)
    else skipField(reader, tag)
  }
  return { type, object }
}

function readRawExtension(reader: WireReader): Uint8Array {
  const end = enter(reader)
  let raw: Uint8Array = new Uint8Array()
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag === ((1 << 3) | 2)) raw = reader.bytes()
    else skipField(reader, tag)
  }
  leave(reader, end)
  return raw
}

function eventFromJson<T>(frame: Uint8Array, decoder: Decoder<T>): WatchEvent<T> {
  const parsed = parseJson(frame, 'a watch event')
  return decoding('watch event', () => {
    const event = asObject(parsed, 'the event')
    const object = asObject(event.object, 'object')
    const reader: ObjectReader<T> = {
      kind: textAt(object, 'kind'),
      identity: () => identityFromJson(object),
      bookmark: () => bookmarkFromJson(object),
      row: () => decoder.fromJson(object),
      status: () => statusFromJson(object),
    }
    return eventOf(textAt(event, 'type'), reader, decoder)
  })
}
