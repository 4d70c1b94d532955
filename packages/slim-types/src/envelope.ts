import { DecodeError, quoted } from './errors.ts'
import { decodeMessage, enter, leave, type MessageBytes } from './protobuf.ts'
import type { WireReader } from './wire-reader.ts'

/** A protobuf object as the apiserver sends it: `k8s\0`, then runtime.Unknown around the object's message, which are the bytes. */
export type Envelope = MessageBytes & TypeMeta

type TypeMeta = Readonly<{ apiVersion: string; kind: string }>

/** `k8s\0`. */
const magic = 0x6b387300
const magicBytes = 4
const noMagic = 'a protobuf object that does not start with "k8s\\0"'
const noBytes = new Uint8Array()

/** Throws DecodeError for what is no object. */
export function openEnvelope(object: MessageBytes): Envelope {
  const envelope = new EnvelopeReader({ apiVersion: 'v1', kind: '' })
  decodeMessage('runtime.Unknown', object, (reader, end) => envelope.read(reader, end))
  return envelope
}

/** Opens one object after the other, and is the one that it opened last. */
export class EnvelopeReader implements Envelope {
  apiVersion = ''
  kind = ''
  bytes: Uint8Array = noBytes
  start = 0
  end = 0
  /** What objects most probably are: then their names are not made again. */
  readonly #usual: TypeMeta

  constructor(usual: TypeMeta) {
    this.#usual = usual
  }

  /** Reads the object up to `end`. */
  read(reader: WireReader, end: number): void {
    if (end - reader.pos < magicBytes || reader.view.getInt32(reader.pos) !== magic)
      throw new DecodeError(noMagic)
    reader.pos += magicBytes
    this.apiVersion = ''
    this.kind = ''
    let isWhole = false
    let encoding = ''
    while (reader.pos < end) {
      const tag = reader.tag()
      switch (tag) {
        case (1 << 3) | 2:
          this.#readTypeMeta(reader)
          break
        case (2 << 3) | 2:
          isWhole = true
          this.#takeMessage(reader)
          break
        case (3 << 3) | 2:
          encoding = reader.string()
          break
        default:
          reader.skip(tag)
      }
    }
    if (encoding !== '') throw new DecodeError(`an object with the content encoding ${quoted(encoding)}`)
    if (!isWhole) throw new DecodeError(`a ${quoted(this.kind || 'runtime.Unknown')} without content`)
  }

  #readTypeMeta(reader: WireReader): void {
    const end = enter(reader)
    while (reader.pos < end) {
      const tag = reader.tag()
      if (tag === ((1 << 3) | 2)) this.apiVersion = reader.stringOr(this.#usual.apiVersion)
      else if (tag === ((2 << 3) | 2)) this.kind = reader.stringOr(this.#usual.kind)
      else reader.skip(tag)
    }
    leave(reader, end)
  }

  #takeMessage(reader: WireReader): void {
    this.end = enter(reader)
    this.start = reader.pos
    this.bytes = reader.bytes
    reader.pos = this.end
  }
}
