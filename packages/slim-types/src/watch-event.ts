import { type Bookmark, bookmarkFromJson, bookmarkShape, readBookmark } from './bookmark.ts'
import type { DecodedObject, Decoder, Recall } from './decoder.ts'
import { EnvelopeReader } from './envelope.ts'
import { DecodeError, decoding, quoted } from './errors.ts'
import { asObject, type JsonObject, textAt } from './json.ts'
import { readJson } from './json-reader.ts'
import { anyJson, type JsonShape, objectShape } from './json-shape.ts'
import { identityFromJson, type ObjectIdentity, readIdentity } from './meta.ts'
import { enter, leave, type MessageBytes, MessageDecoder } from './protobuf.ts'
import type { ResourceVersion } from './resource-version.ts'
import { type ApiStatus, statusFromJson, statusFromProtobuf, statusShape } from './status.ts'
import type { WireFormat } from './wire-format.ts'
import type { WireReader } from './wire-reader.ts'

/** One event of a watch. */
export type WatchEvent<T> =
  | (Readonly<{ type: 'ADDED' | 'MODIFIED' }> & DecodedObject<T>)
  /** Of a deleted object only the identity is decoded. */
  | Readonly<{ type: 'DELETED'; key: string; resourceVersion: ResourceVersion }>
  /** `endsInitialEvents`: of a watch that began with the objects that exist, these are complete now. */
  | Readonly<{ type: 'BOOKMARK'; resourceVersion: string; endsInitialEvents: boolean }>
  | Readonly<{ type: 'ERROR'; status: ApiStatus }>
  /** An added or modified object that is not what its kind says, though its metadata can be read. */
  | Readonly<{ type: 'INVALID'; key: string; resourceVersion: ResourceVersion; error: DecodeError }>

type WatchDecoderOptions<T> = Readonly<{
  format: WireFormat
  decoder: Decoder<T>
  /** Tells what is known of an object: an event may give that as `known`. */
  recall?: Recall<T> | undefined
}>

/**
 * Decodes the frames of a watch, one after the other. Throws DecodeError for one that is no event, or not one of the
 * decoder's kind.
 */
export function createWatchDecoder<T>({
  format,
  decoder,
  recall,
}: WatchDecoderOptions<T>): (frame: MessageBytes) => WatchEvent<T> {
  return format === 'protobuf' ? protobufEvents(decoder, recall) : (frame) => eventFromJson(frame, decoder)
}

/** One frame of a watch. */
export function decodeWatchEvent<T>(frame: MessageBytes, options: WatchDecoderOptions<T>): WatchEvent<T> {
  return createWatchDecoder(options)(frame)
}

/** The ways to read the object of an event, so that only what the event's type needs is decoded. */
type ObjectReader<T> = {
  readonly kind: string
  identity(): ObjectIdentity
  bookmark(): Bookmark
  decoded(): DecodedObject<T>
  status(): ApiStatus
}

function eventOf<T>(type: string, object: ObjectReader<T>, decoder: Decoder<T>): WatchEvent<T> {
  if (type === 'ERROR') return { type, status: object.status() }
  if (object.kind !== decoder.kind) {
    throw new DecodeError(`a ${quoted(object.kind)} in a watch of ${decoder.resource}`)
  }
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      return upsertOf(type, object)
    case 'DELETED':
      return deletedOf(object.identity())
    case 'BOOKMARK':
      return { type, ...object.bookmark() }
    default:
      throw new DecodeError(`a watch event of the type ${quoted(type)}`)
  }
}

function deletedOf<T>({ key, resourceVersion }: ObjectIdentity): WatchEvent<T> {
  return { type: 'DELETED', key, resourceVersion }
}

function upsertOf<T>(type: 'ADDED' | 'MODIFIED', object: ObjectReader<T>): WatchEvent<T> {
  try {
    const { resourceVersion, row, known } = object.decoded()
    return { type, resourceVersion, row, known }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return { type: 'INVALID', ...object.identity(), error }
  }
}

function decodedOf<T>(row: T, decoder: Decoder<T>): DecodedObject<T> {
  return { resourceVersion: decoder.identify(row).resourceVersion, row, known: undefined }
}

function protobufEvents<T>(
  decoder: Decoder<T>,
  recall: Recall<T> | undefined,
): (frame: MessageBytes) => WatchEvent<T> {
  const events = new MessageDecoder('WatchEvent')
  const event = new ProtobufEvent(decoder, protobufObjects(decoder, recall))
  const read = (reader: WireReader, end: number) => event.read(reader, end)
  return (frame) => eventOf(events.decode(frame, read), event, decoder)
}

function protobufObjects<T>(
  decoder: Decoder<T>,
  recall: Recall<T> | undefined,
): (message: MessageBytes) => DecodedObject<T> {
  const { fromProtobuf, updatesFromProtobuf, resource } = decoder
  if (updatesFromProtobuf !== undefined && recall !== undefined) return updatesFromProtobuf(recall)
  return (message) => {
    if (fromProtobuf === undefined) throw new DecodeError(`a protobuf watch of ${resource}`)
    return decodedOf(fromProtobuf(message), decoder)
  }
}

/** One event after the other: the object is that of the last one. */
class ProtobufEvent<T> implements ObjectReader<T> {
  readonly #envelope: EnvelopeReader
  readonly #metadata = new MessageDecoder('metadata')
  readonly #decode: (message: MessageBytes) => DecodedObject<T>

  constructor(usual: Decoder<T>, decode: (message: MessageBytes) => DecodedObject<T>) {
    this.#envelope = new EnvelopeReader(usual)
    this.#decode = decode
  }

  get kind(): string {
    return this.#envelope.kind
  }

  /** Opens the object of an event; gives the type. */
  read(reader: WireReader, end: number): string {
    let type = ''
    let hasObject = false
    while (reader.pos < end) {
      const tag = reader.tag()
      if (tag === ((1 << 3) | 2)) type = reader.stringOr('MODIFIED')
      else if (tag === ((2 << 3) | 2)) hasObject = this.#openObject(reader)
      else reader.skip(tag)
    }
    if (!hasObject) throw new DecodeError('an event without object')
    return type
  }

  /** Of a runtime.RawExtension; false where it is empty. */
  #openObject(reader: WireReader): boolean {
    const end = enter(reader)
    let isThere = false
    while (reader.pos < end) {
      const tag = reader.tag()
      if (tag === ((1 << 3) | 2)) {
        const objectEnd = enter(reader)
        this.#envelope.read(reader, objectEnd)
        leave(reader, objectEnd)
        isThere = true
      } else reader.skip(tag)
    }
    leave(reader, end)
    return isThere
  }

  identity(): ObjectIdentity {
    return this.#metadata.decode(this.#envelope, readIdentity)
  }

  bookmark(): Bookmark {
    return this.#metadata.decode(this.#envelope, readBookmark)
  }

  decoded(): DecodedObject<T> {
    return this.#decode(this.#envelope)
  }

  status(): ApiStatus {
    return statusFromProtobuf(this.#envelope)
  }
}

function eventFromJson<T>(frame: MessageBytes, decoder: Decoder<T>): WatchEvent<T> {
  return decoding('watch event', () => {
    const { type, object } = readJsonEvent(frame, decoder.jsonShape)
    const reader: ObjectReader<T> = {
      kind: textAt(object, 'kind'),
      identity: () => identityFromJson(object),
      decoded: () => decodedOf(decoder.fromJson(object), decoder),
      // These are rare: that the shape is another one is found out when it was read as an object of the kind.
      bookmark: () => bookmarkFromJson(readJsonEvent(frame, bookmarkShape).object),
      status: () => statusFromJson(readJsonEvent(frame, statusShape).object),
    }
    return eventOf(type, reader, decoder)
  })
}

function readJsonEvent(frame: MessageBytes, shape: JsonShape): { type: string; object: JsonObject } {
  const event = asObject(readJson(frame, objectShape({ type: anyJson, object: shape })), 'the event')
  return { type: textAt(event, 'type'), object: asObject(event.object, 'object') }
}
