import { type Envelope, openEnvelope } from './envelope.ts'
import { DecodeError, decoding, quoted } from './errors.ts'
import { asObject, integerAt, objectAt, textAt } from './json.ts'
import { readJson } from './json-reader.ts'
import { anyJson, objectShape } from './json-shape.ts'
import { decodeMessage, enter, leave, type MessageBytes, wholeMessage } from './protobuf.ts'
import type { WireFormat } from './wire-format.ts'
import type { WireReader } from './wire-reader.ts'

/** meta/v1 Status: how an apiserver says that something failed. */
export type ApiStatus = Readonly<{
  /** The HTTP status that belongs to it. */
  code: number
  /** A word for machines, e.g. `Expired`, `Conflict`, `TooManyRequests`. */
  reason: string
  message: string
  /** 0 when the server names no time. */
  retryAfterSeconds: number
}>

/** Whether the answer is that a resourceVersion or continue token is too old: only a new list helps. */
export function isExpired(status: Pick<ApiStatus, 'code' | 'reason'>): boolean {
  return status.code === 410 || status.reason === 'Expired' || status.reason === 'Gone'
}

/** Decodes the body of a failed call. */
export function decodeStatus(bytes: Uint8Array, format: WireFormat): ApiStatus {
  if (format === 'json')
    return decoding('Status', () => statusFromJson(readJson(wholeMessage(bytes), statusShape)))
  return statusFromProtobuf(openEnvelope(wholeMessage(bytes)))
}

export function statusFromProtobuf(envelope: MessageBytes & Pick<Envelope, 'kind'>): ApiStatus {
  const { kind } = envelope
  if (kind !== 'Status') throw new DecodeError(`a ${quoted(kind)} where a Status was expected`)
  return decodeMessage('Status', envelope, readStatus)
}

/** What `statusFromJson` wants of the object. */
export const statusShape = objectShape({
  kind: anyJson,
  code: anyJson,
  reason: anyJson,
  message: anyJson,
  details: objectShape({ retryAfterSeconds: anyJson }),
})

export function statusFromJson(value: unknown): ApiStatus {
  const status = asObject(value, 'the object')
  if (status.kind !== 'Status') throw new DecodeError('not a Status')
  return {
    code: integerAt(status, 'code'),
    reason: textAt(status, 'reason'),
    message: textAt(status, 'message'),
    retryAfterSeconds: integerAt(objectAt(status, 'details') ?? {}, 'retryAfterSeconds'),
  }
}

function readStatus(reader: WireReader, end: number): ApiStatus {
  const status = { code: 0, reason: '', message: '', retryAfterSeconds: 0 }
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (3 << 3) | 2:
        status.message = reader.string()
        break
      case (4 << 3) | 2:
        status.reason = reader.string()
        break
      case (5 << 3) | 2:
        status.retryAfterSeconds = readRetryAfter(reader)
        break
      case (6 << 3) | 0:
        status.code = reader.int32()
        break
      default:
        reader.skip(tag)
    }
  }
  return status
}

/** StatusDetails.retryAfterSeconds. */
function readRetryAfter(reader: WireReader): number {
  const end = enter(reader)
  let seconds = 0
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag === ((5 << 3) | 0)) seconds = reader.int32()
    else reader.skip(tag)
  }
  leave(reader, end)
  return seconds
}
