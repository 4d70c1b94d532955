import protobuf from 'protobufjs/minimal.js'
import { isObject, type Json, type JsonObject, textAt } from '../json.ts'
import { groupVersion, type ResourceType } from '../resources/types.ts'
import type { ListResult } from '../verbs/list.ts'
import { messageOfKind, type WireField, wireFields } from './messages.ts'
import { listMeta } from './views.ts'

/** What every object in protobuf begins with. */
export const protobufMagic = Buffer.from('k8s\0')

/** `k8s\0` and a runtime.Unknown around the object: the form of single objects. Kinds without a message have no content. */
export function encodeObjectMessage(object: JsonObject): Buffer {
  const [apiVersion, kind] = [textAt(object, 'apiVersion'), textAt(object, 'kind')]
  const writer = protobuf.Writer.create()
  const message = kind === 'Status' ? 'meta.Status' : messageOfKind({ ...splitVersion(apiVersion), kind })
  if (message !== undefined) writeMessage(writer, message, object)
  return envelope(apiVersion, kind, writer.finish())
}

export function splitVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/')
  return { group: apiVersion.slice(0, Math.max(0, slash)), version: apiVersion.slice(slash + 1) }
}

/** A list: metadata is field 1, items are field 2 of every list message. */
export function encodeListMessage(type: ResourceType, result: ListResult): Buffer {
  const writer = protobuf.Writer.create()
  writer.uint32(tag(1, 2)).fork()
  writeMessage(writer, 'meta.ListMeta', listMeta(result))
  writer.ldelim()
  const message = messageOfKind(type) ?? ''
  for (const item of result.items) {
    writer.uint32(tag(2, 2)).fork()
    writeMessage(writer, message, item)
    writer.ldelim()
  }
  return envelope(groupVersion(type), `${type.kind}List`, writer.finish())
}

/** One frame of a watch: a 4-byte big-endian length and a WatchEvent around an object in its envelope. */
export function encodeWatchFrame(event: string, object: Buffer): Buffer {
  const writer = protobuf.Writer.create()
  writer.uint32(tag(1, 2)).string(event)
  writer.uint32(tag(2, 2)).fork().uint32(tag(1, 2)).bytes(object).ldelim()
  const bytes = writer.finish()
  const frame = Buffer.allocUnsafe(4 + bytes.length)
  frame.writeUInt32BE(bytes.length, 0)
  frame.set(bytes, 4)
  return frame
}

function envelope(apiVersion: string, kind: string, raw: Uint8Array): Buffer {
  const writer = protobuf.Writer.create()
  writer.uint32(tag(1, 2)).fork().uint32(tag(1, 2)).string(apiVersion).uint32(tag(2, 2)).string(kind).ldelim()
  writer.uint32(tag(2, 2)).bytes(raw)
  return Buffer.concat([protobufMagic, writer.finish()])
}

function tag(field: number, wireType: 0 | 1 | 2): number {
  return (field << 3) | wireType
}

/**
 * Writes every known field that the object has, also when its value is zero: a client must be able to tell `false`
 * from absent. Values of another type than the field's are left out.
 */
function writeMessage(writer: protobuf.Writer, message: string, object: JsonObject): void {
  for (const field of wireFields(message) ?? []) {
    if (field.isInlined) {
      writeField(writer, field, object)
      continue
    }
    if (!Object.hasOwn(object, field.name)) continue
    const value = object[field.name]
    if (field.shape === 'list') {
      if (Array.isArray(value)) for (const member of value) writeField(writer, field, member)
    } else if (field.shape === 'map') {
      if (isObject(value)) writeMap(writer, field, value)
    } else if (value !== undefined && value !== null) writeField(writer, field, value)
  }
}

function writeMap(writer: protobuf.Writer, field: WireField, map: JsonObject): void {
  for (const [key, value] of Object.entries(map)) {
    if (value === undefined) continue
    writer.uint32(tag(field.number, 2)).fork().uint32(tag(1, 2)).string(key)
    writeField(writer, { ...field, number: 2, shape: 'single' }, value)
    writer.ldelim()
  }
}

function writeField(writer: protobuf.Writer, { number, type }: WireField, value: Json): void {
  switch (type) {
    case 'string':
      if (typeof value === 'string') writer.uint32(tag(number, 2)).string(value)
      return
    case 'int32':
      if (typeof value === 'number') writer.uint32(tag(number, 0)).int32(value)
      return
    case 'int64':
      if (typeof value === 'number') writer.uint32(tag(number, 0)).int64(value)
      return
    case 'double':
      if (typeof value === 'number') writer.uint32(tag(number, 1)).double(value)
      return
    case 'bool':
      if (typeof value === 'boolean') writer.uint32(tag(number, 0)).bool(value)
      return
    case 'bytes':
      if (typeof value === 'string') writer.uint32(tag(number, 2)).bytes(Buffer.from(value, 'base64'))
      return
    case 'Time':
      if (typeof value === 'string') writeTime(writer, number, value)
      return
    case 'Quantity':
      writer.uint32(tag(number, 2)).fork().uint32(tag(1, 2)).string(String(value)).ldelim()
      return
    case 'IntOrString':
      writeIntOrString(writer, number, value)
      return
    case 'FieldsV1':
    case 'RawExtension':
      // Both carry JSON as it is.
      writer
        .uint32(tag(number, 2))
        .fork()
        .uint32(tag(1, 2))
        .bytes(Buffer.from(JSON.stringify(value)))
        .ldelim()
      return
    default:
      if (!isObject(value)) return
      writer.uint32(tag(number, 2)).fork()
      writeMessage(writer, type, value)
      writer.ldelim()
  }
}

function writeTime(writer: protobuf.Writer, number: number, text: string): void {
  const timeMs = Date.parse(text)
  if (Number.isNaN(timeMs)) return
  const fraction = /\.(\d{1,9})/.exec(text)?.[1] ?? ''
  const nanos = Number(fraction.padEnd(9, '0'))
  writer.uint32(tag(number, 2)).fork()
  writer.uint32(tag(1, 0)).int64(Math.floor(timeMs / 1000))
  if (nanos > 0) writer.uint32(tag(2, 0)).int32(nanos)
  writer.ldelim()
}

function writeIntOrString(writer: protobuf.Writer, number: number, value: Json): void {
  writer.uint32(tag(number, 2)).fork()
  if (typeof value === 'number') writer.uint32(tag(1, 0)).int64(0).uint32(tag(2, 0)).int32(value)
  else writer.uint32(tag(1, 0)).int64(1).uint32(tag(3, 2)).string(String(value))
  writer.ldelim()
}
