/** A field of a protobuf message as its bytes have it. What is known of it is only its wire type. */
export type WireField = {
  tag: number
  /** Of a varint, a fixed number, or a text: its bytes, without length. Of a message: what precedes its fields. */
  bytes: Buffer
  /** Undefined where the bytes are no message. */
  fields?: WireField[]
}

const maxDepth = 24
const magic = Buffer.from('k8s\0', 'latin1')

/** What precedes the message in an object as the apiserver sends it. */
export function prefixOf(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.subarray(0, magic.length).equals(magic) ? magic.length : 0)
}

/** The fields of a message, and of the messages in it; undefined when the bytes are none. */
export function parseMessage(bytes: Buffer, depth = 0): WireField[] | undefined {
  const fields: WireField[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at)
    if (tag === undefined || tag.value < 8) return undefined
    const end = endOf(bytes, tag.end, tag.value & 7)
    if (end === undefined) return undefined
    fields.push(fieldOf(tag.value, bytes.subarray(end.start, end.end), depth))
    at = end.end
  }
  return fields
}

function fieldOf(tag: number, bytes: Buffer, depth: number): WireField {
  if ((tag & 7) !== 2 || bytes.length < 2 || depth >= maxDepth) return { tag, bytes }
  const prefix = prefixOf(bytes)
  const fields = parseMessage(bytes.subarray(prefix.length), depth + 1)
  return fields === undefined ? { tag, bytes } : { tag, bytes: prefix, fields }
}

/** The bytes of the fields; lengths are those of what is in them. */
export function writeMessage(fields: readonly WireField[]): Buffer {
  return Buffer.concat(
    fields.flatMap(({ tag, bytes, fields }) => {
      const content = fields === undefined ? bytes : Buffer.concat([bytes, writeMessage(fields)])
      return (tag & 7) === 2 ? [varint(tag), varint(content.length), content] : [varint(tag), content]
    }),
  )
}

/** All lists of fields in it, its own first. */
export function listsOf(fields: WireField[]): WireField[][] {
  return [fields, ...fields.flatMap((field) => (field.fields === undefined ? [] : listsOf(field.fields)))]
}

/** Of 32 bits. */
export function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value >>> 0
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128)
  return Buffer.from([...bytes, rest])
}

function readVarint(bytes: Buffer, at: number): { value: number; end: number } | undefined {
  let value = 0
  for (let i = 0; i < 5; i++) {
    const byte = bytes[at + i]
    if (byte === undefined) return undefined
    value |= (byte & 127) << (7 * i)
    if (byte < 128) return { value: value >>> 0, end: at + i + 1 }
  }
  return undefined
}

function endOf(bytes: Buffer, at: number, wireType: number): { start: number; end: number } | undefined {
  let start = at
  let end = at
  if (wireType === 0) while (end < bytes.length && bytes[end++]! > 127);
  else if (wireType === 1) end += 8
  else if (wireType === 5) end += 4
  else if (wireType === 2) {
    const length = readVarint(bytes, at)
    if (length === undefined) return undefined
    start = length.end
    end = start + length.value
  } else return undefined
  return end > bytes.length || end === at ? undefined : { start, end }
}
