import { asBuffer } from './bytes.ts'
import { DecodeError } from './errors.ts'
import { decodeMessage, enter, leave, skipField, type WireReader } from './protobuf.ts'

/** A protobuf object as the apiserver sends it: `k8s\0`, then runtime.Unknown around the object's message. */
export type Envelope = Readonly<{
  apiVersion: string
  kind: string
  /** The message of the object: a view into the given bytes. */
  raw: Uint8Array
}>

const magic = Buffer.from('k8s\0', 'latin1')

export function openEnvelope(bytes: Uint8Array): Envelope {
  const buffer = asBuffer(bytes)
  if (!buffer.subarray(0, magic.length).equals(magic)) {
    throw new DecodeError('a protobuf object that does not start with "k8s\\0"')
  }
  return decodeMessage('runtime.Unknown', buffer.subarray(magic.length), readUnknown)
}

function readUnknown(reader: WireReader, end: number): Envelope {
  let typeMeta = { apiVersion: '', kind: '' }
  let raw: Uint8Array | undefined
  let encoding = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        typeMeta = readTypeMeta(reader)
        break
      case (2 << 3) | 2:
        raw = reader.bytes()
        break
      case (3 << 3) | 2:
        encoding = reader.string()
        break
      default:
        skipField(reader, tag)
    }
  }
  if (encoding !== '')
    throw new DecodeError(`an object with the content encoding ${JSON.stringify(encoding)}`)
  if (raw === undefined) throw new DecodeError(`a ${typeMeta.kind || 'runtime.Unknown'} without content`)
  return { ...typeMeta, raw }
}

function readTypeMeta(reader: WireReader): { apiVersion: string; kind: string } {
  const end = enter(reader)
  const typeMeta = { apiVersion: '', kind: '' }
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag === ((1 << 3) | 2)) typeMeta.apiVersion = reader.string()
    else if (tag === ((2 << 3) | 2)) typeMeta.kind = reader.string()
    else skipField(reader, tag)
  }
  leave(reader, end)
  return typeMeta
}
