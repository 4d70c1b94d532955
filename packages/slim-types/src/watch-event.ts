import type { RowsByHash } from '@axoneme/key-hash'
import { type Bookmark, bookmarkFromJson, bookmarkShape, readBookmark } from './bookmark.ts'
import type { DecodedObject, Decoder, ExpectedMessage, Updates } from './decoder.ts'
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
  /** What is known of the objects: an event may give that as `known`. */
  known?: RowsByHash<T> | undefined
}>

/**
 * Decodes frames of a watch. Each event is handed over before the next frame is decoded, but all frames are looked at before
 * the first. Throws DecodeError for a frame that is no event, or not one of the decoder's kind, and what `onEvent` throws.
 */
export type WatchDecoder<T> = (
  frames: readonly MessageBytes[],
  onEvent: (event: WatchEvent<T>) => void,
) => void

export function createWatchDecoder<T>({ format, decoder, known }: WatchDecoderOptions<T>): WatchDecoder<T> {
  if (format === 'json') {
    return (frames, onEvent) => {
      for (const frame of frames) onEvent(eventFromJson(frame, decoder))
    }
  }
  const events = new ProtobufEvents(decoder, known)
  return (frames, onEvent) => events.read(frames, onEvent)
}

/** One frame of a watch. */
export function decodeWatchEvent<T>(frame: MessageBytes, options: WatchDecoderOptions<T>): WatchEvent<T> {
  const events: WatchEvent<T>[] = []
  createWatchDecoder(options)([frame], (event) => events.push(event))
  return events[0] as WatchEvent<T>
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

/** As many are opened before the first of them is decoded: what is known of so many stays in the processor's cache. */
const maxOpened = 64
const frequentTypes = ['MODIFIED', 'ADDED', 'DELETED']
const noBytes = new Uint8Array()

/** An event of which only what is around the object was read. */
class OpenedEvent implements ExpectedMessage {
  type = ''
  /** Of the object, whose message the bytes are. */
  kind = ''
  bytes: Uint8Array = noBytes
  start = 0
  end = 0
  keyHash = 0
  uidAt = 0
  /** What was wrong. */
  error: unknown
}

/** Events one after the other: the object is that of the current one. */
class ProtobufEvents<T> implements ObjectReader<T> {
  readonly #decoder: Decoder<T>
  readonly #updates: Updates<T>
  readonly #frames = new MessageDecoder('WatchEvent')
  readonly #metadata = new MessageDecoder('metadata')
  readonly #envelope: EnvelopeReader
  readonly #opened: OpenedEvent[] = []
  #current = new OpenedEvent()

  constructor(decoder: Decoder<T>, known: RowsByHash<T> | undefined) {
    this.#decoder = decoder
    this.#updates = updatesOf(decoder, known)
    this.#envelope = new EnvelopeReader(decoder)
  }

  read(frames: readonly MessageBytes[], onEvent: (event: WatchEvent<T>) => void): void {
    for (let start = 0; start < frames.length; start += maxOpened) {
      const end = Math.min(start + maxOpened, frames.length)
      for (let at = start; at < end; at++) this.#open(frames[at] as MessageBytes, at - start)
      this.#updates.recall()
      for (let at = start; at < end; at++) {
        this.#current = this.#opened[at - start] as OpenedEvent
        onEvent(this.#decoded(this.#current))
      }
    }
  }

  /** What is wrong with an event is said when its turn comes. */
  #open(frame: MessageBytes, place: number): void {
    const event = this.#opened[place] ?? new OpenedEvent()
    this.#opened[place] = event
    event.error = undefined
    try {
      event.type = this.#frames.decode(frame, this.#readEvent)
      event.kind = this.#envelope.kind
      event.bytes = this.#envelope.bytes
      event.start = this.#envelope.start
      event.end = this.#envelope.end
      this.#updates.expect(event)
    } catch (error) {
      event.error = error
    }
  }

  #decoded(event: OpenedEvent): WatchEvent<T> {
    if (event.error !== undefined) throw event.error
    const decoded = eventOf(event.type, this, this.#decoder)
    event.bytes = noBytes
    return decoded
  }

  /** Opens the object of an event; gives the type. */
  readonly #readEvent = (reader: WireReader, end: number): string => {
    let type = ''
    let hasObject = false
    while (reader.pos < end) {
      const tag = reader.tag()
      if (tag === ((1 << 3) | 2)) type = reader.oneOf(frequentTypes)
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

  get kind(): string {
    return this.#current.kind
  }

  identity(): ObjectIdentity {
    return this.#metadata.decode(this.#current, readIdentity)
  }

  bookmark(): Bookmark {
    return this.#metadata.decode(this.#current, readBookmark)
  }

  decoded(): DecodedObject<T> {
    return this.#updates.decode(this.#current)
  }

  status(): ApiStatus {
    return statusFromProtobuf(this.#current)
  }
}

/** Where nothing is known, or nothing would come of it. */
function updatesOf<T>(decoder: Decoder<T>, known: RowsByHash<T> | undefined): Updates<T> {
  const { fromProtobuf, updatesFromProtobuf, resource } = decoder
  if (updatesFromProtobuf !== undefined && known !== undefined) return updatesFromProtobuf(known)
  return {
    expect: () => {},
    recall: () => {},
    decode(message) {
      if (fromProtobuf === undefined) throw new DecodeError(`a protobuf watch of ${resource}`)
      return decodedOf(fromProtobuf(message), decoder)
    },
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
