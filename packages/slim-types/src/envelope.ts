import { DecodeError, quoted } from './errors.ts'
import { enter, leave, type MessageBytes, MessageDecoder, nestedMessage, wholeMessage } from './protobuf.ts'
import type { WireReader } from './wire-reader.ts'

/** A protobuf object as the apiserver sends it: `k8s\0`, then runtime.Unknown around the object's message. */
export type Envelope = Readonly<{
  apiVersion: string
  kind: string
  /** The message of the object. */
  message: MessageBytes
}>

const magic = [0x6b, 0x38, 0x73, 0x00]
const noMagic = 'a protobuf object that does not start with "k8s\\0"'

/** `usual` is what the object most probably is: then its names are not made again. */
export function openEnvelope(
  object: MessageBytes,
  usual: TypeMeta = { apiVersion: 'v1', kind: '' },
): Envelope {
  return createEnvelopeOpener(usual)(object)
}

/** The same for many objects. */
export function createEnvelopeOpener(usual: TypeMeta): (object: MessageBytes) => Envelope {
  const decoder = new MessageDecoder('runtime.Unknown')
  const read = (reader: WireReader, end: number) => {
    for (const byte of magic) if (!reader.accept(byte)) throw new DecodeError(noMagic)
    return readUnknown(reader, end, usual)
  }
  return (object) => decoder.decode(object, read)
}

const nothing = wholeMessage(new Uint8Array())

type TypeMeta = Readonly<{ apiVersion: string; kind: string }>

function readUnknown(reader: WireReader, end: number, usual: TypeMeta): Envelope {
  const envelope = { apiVersion: '', kind: '', message: nothing }
  let encoding = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        readTypeMeta(reader, envelope, usual)
        break
      case (2 << 3) | 2:
        envelope.message = nestedMessage(reader)
        break
      case (3 << 3) | 2:
        encoding = reader.string()
        break
      default:
        reader.skip(tag)
    }
  }
  if (encoding !== '') throw new DecodeError(`an object with the content encoding ${quoted(encoding)}`)
  if (envelope.message === nothing)
    throw new DecodeError(`a ${quoted(envelope.kind || 'runtime.Unknown')} without content`)
  return envelope
}

function readTypeMeta(reader: WireReader, into: { apiVersion: string; kind: string }, usual: TypeMeta): void {
  const end = enter(reader)
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag === ((1 << 3) | 2)) into.apiVersion = reader.stringOr(usual.apiVersion)
    else if (tag === ((2 << 3) | 2)) into.kind = reader.stringOr(usual.kind)
    else reader.skip(tag)
  }
  leave(reader, end)
}
