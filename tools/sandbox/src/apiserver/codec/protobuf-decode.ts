import protobuf from 'protobufjs/minimal.js'
import { badRequest } from '../errors.ts'
import type { Json, JsonObject } from '../json.ts'
import { messageOfKind, type WireField, wireFields } from './messages.ts'
import { protobufMagic, splitVersion } from './protobuf.ts'

const maxDepth = 64

type Bytes = protobuf.Reader

/** An object that a client sent in its envelope, as JSON. Throws BadRequest when it is none, or of an unknown kind. */
export function decodeObjectMessage(bytes: Buffer): JsonObject {
  if (!bytes.subarray(0, protobufMagic.length).equals(protobufMagic))
    throw badRequest('provided data does not appear to be a protobuf message: the k8s prefix is missing')
  try {
    return decodeEnvelope(bytes.subarray(protobufMagic.length))
  } catch (error) {
    // What protobufjs throws on truncated or malformed input.
    if (
      error instanceof RangeError ||
      (error instanceof Error && /^(invalid|illegal|index out of range|max depth)/.test(error.message))
    )
      throw badRequest(`the body is no protobuf message: ${error.message}`)
    throw error
  }
}

function decodeEnvelope(bytes: Buffer): JsonObject {
  let apiVersion = ''
  let kind = ''
  let raw = new Uint8Array()
  eachField(protobuf.Reader.create(bytes), (number, reader, wireType) => {
    if (wireType !== 2) return false
    if (number === 1)
      eachField(nested(reader), (field, typeMeta, typeMetaWire) => {
        if (typeMetaWire !== 2) return false
        const text = typeMeta.string()
        if (field === 1) apiVersion = text
        if (field === 2) kind = text
        return true
      })
    else if (number === 2) raw = Uint8Array.from(reader.bytes())
    else return false
    return true
  })
  const message =
    kind === 'DeleteOptions' ? 'meta.DeleteOptions' : messageOfKind({ ...splitVersion(apiVersion), kind })
  if (message === undefined)
    throw badRequest(
      `no kind ${JSON.stringify(kind)} of version ${JSON.stringify(apiVersion)} is known in protobuf; send JSON`,
    )
  return { apiVersion, kind, ...decodeMessage(message, protobuf.Reader.create(raw), 0) }
}

/** Calls `take` at each field; when it does not take the field, the field is skipped. */
function eachField(reader: Bytes, take: (number: number, reader: Bytes, wireType: number) => boolean): void {
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (!take(tag >>> 3, reader, tag & 7)) reader.skipType(tag & 7)
  }
}

function nested(reader: Bytes): Bytes {
  return protobuf.Reader.create(reader.bytes())
}

/**
 * Fields that are no pointers in Go: their zero is always on the wire and means that nothing was set. Elsewhere a zero
 * was set on purpose.
 */
const zeroIsAbsent: ReadonlySet<string> = new Set([
  ...[
    'hostNetwork',
    'hostPID',
    'hostIPC',
    'stdin',
    'stdinOnce',
    'tty',
    'readOnly',
    'paused',
    'unschedulable',
  ],
  ...[
    'publishNotReadyAddresses',
    'hostPort',
    'nodePort',
    'healthCheckNodePort',
    'minReadySeconds',
    'generation',
  ],
  ...[
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
    'count',
  ],
])

const wireTypes: Readonly<Record<string, number>> = { int32: 0, int64: 0, bool: 0, double: 1 }

function decodeMessage(message: string, reader: Bytes, depth: number): JsonObject {
  if (depth > maxDepth) throw badRequest(`the body nests deeper than ${maxDepth} levels`)
  const fields = new Map((wireFields(message) ?? []).map((field) => [field.number, field]))
  const object: JsonObject = {}
  eachField(reader, (number, source, wireType) => {
    const field = fields.get(number)
    if (field === undefined || wireType !== (field.shape === 'map' ? 2 : (wireTypes[field.type] ?? 2)))
      return false
    if (field.isInlined) Object.assign(object, decodeMessage(field.type, nested(source), depth + 1))
    else put(object, field, decodeValue(field, source, depth))
    return true
  })
  return object
}

/** Go writes fields that are not set as empty texts, empty objects and zero times: they are absent in JSON. */
function put(object: JsonObject, field: WireField, value: Json | undefined): void {
  if (value === undefined) return
  if (field.shape === 'list') {
    const list = object[field.name]
    object[field.name] = Array.isArray(list) ? [...list, value] : [value]
  } else if (field.shape === 'map') {
    const map = object[field.name]
    object[field.name] = {
      ...(typeof map === 'object' && !Array.isArray(map) ? map : {}),
      ...(value as JsonObject),
    }
  } else if (value !== '' && !((value === 0 || value === false) && zeroIsAbsent.has(field.name)))
    object[field.name] = value
}

function decodeValue(field: WireField, reader: Bytes, depth: number): Json | undefined {
  if (field.shape === 'map') return decodeEntry(field, nested(reader), depth)
  switch (field.type) {
    case 'string':
      return reader.string()
    case 'int32':
      return reader.int32()
    case 'int64':
      return Number(reader.int64())
    case 'double':
      return reader.double()
    case 'bool':
      return reader.bool()
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64')
    case 'Time':
      return decodeTime(nested(reader))
    case 'Quantity':
      return decodeText(nested(reader))
    case 'IntOrString':
      return decodeIntOrString(nested(reader))
    case 'FieldsV1':
    case 'RawExtension':
      return decodeJson(nested(reader))
    default:
      return decodeMessage(field.type, nested(reader), depth + 1)
  }
}

function decodeEntry(field: WireField, reader: Bytes, depth: number): JsonObject {
  let key = ''
  let value: Json | undefined = field.type === 'string' ? '' : undefined
  eachField(reader, (number, source) => {
    if (number === 1) key = source.string()
    else if (number === 2) value = decodeValue({ ...field, shape: 'single' }, source, depth)
    else return false
    return true
  })
  if (key === '__proto__') throw badRequest('"__proto__" is not allowed as a key')
  return { [key]: value }
}

function decodeTime(reader: Bytes): string | undefined {
  let seconds: number | undefined
  let nanos = 0
  eachField(reader, (number, source) => {
    if (number === 1) seconds = Number(source.int64())
    else if (number === 2) nanos = source.int32()
    else return false
    return true
  })
  // 8.64e12 seconds is as far as dates go.
  if (seconds === undefined || Math.abs(seconds) > 8.64e12) return undefined
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19)
  return nanos === 0 ? `${whole}Z` : `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`
}

function decodeText(reader: Bytes): string {
  let text = ''
  eachField(reader, (number, source) => {
    if (number !== 1) return false
    text = source.string()
    return true
  })
  return text
}

function decodeIntOrString(reader: Bytes): Json {
  let isText = false
  let int = 0
  let text = ''
  eachField(reader, (number, source) => {
    if (number === 1) isText = Number(source.int64()) === 1
    else if (number === 2) int = source.int32()
    else if (number === 3) text = source.string()
    else return false
    return true
  })
  return isText ? text : int
}

function decodeJson(reader: Bytes): Json {
  const text = decodeText(reader)
  try {
    return text === '' ? null : JSON.parse(text)
  } catch (error) {
    throw badRequest(
      `embedded JSON does not parse: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
