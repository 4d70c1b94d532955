import { DecodeError, quoted } from './errors.ts'
import { enter, leave, type MessageBytes, nestedMessage } from './protobuf.ts'
import { WireReader } from './wire-reader.ts'

/** A protobuf object as the apiserver sends it: `k8s\0`, then runtime.Unknown around the object's message. */
export type Envelope = Readonly<{
  apiVersion: string
  kind: string
  /** The message of the object. */
  message: MessageBytes
}>

const magic = Buffer.from('k8s\0', 'latin1')

/** `usual` is what the object most probably is: then its names are not made again. */
export function openEnvelope(
  { bytes, start, end }: MessageBytes,
  usual: TypeMeta = { apiVersion: 'v1', kind: '' },
): Envelope {
  for (let i = 0; i < magic.length; i++) {
    if (start + i >= end || bytes[start + i] !== magic[i])
      throw new DecodeError('a protobuf object that does not start with "k8s\\0"')
  }
  try {
    const reader = new WireReader(bytes, start + magic.length, end)
    const envelope = readUnknown(reader, end, usual)
    leave(reader, end)
    return envelope
  } catch (error) {
    throw new DecodeError('decode runtime.Unknown', { cause: error })
  }
}

type TypeMeta = Readonly<{ apiVersion: string; kind: string }>

function readUnknown(reader: WireReader, end: number, usual: TypeMeta): Envelope {
  const envelope = { apiVersion: '', kind: '', message: undefined as MessageBytes | undefined }
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
  const { apiVersion, kind, message } = envelope
  if (encoding !== '') throw new DecodeError(`an object with the content encoding ${quoted(encoding)}`)
  if (message === undefined) throw new DecodeError(`a ${quoted(kind || 'runtime.Unknown')} without content`)
  return { apiVersion, kind, message }
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
