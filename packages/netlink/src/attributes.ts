import { MalformedNetlinkError } from './errors.ts'

/** Attributes by type. Of a type that repeats, the last. */
export type Attributes = ReadonlyMap<number, Buffer>

const headerLength = 4
const maxLength = 0xffff
/** NLA_F_NESTED; above it NLA_F_NET_BYTEORDER. Neither is part of the type. */
const nestedFlag = 0x8000
const typeMask = 0x3fff

/** `struct nlattr` and its payload, padded to four bytes (include/uapi/linux/netlink.h). */
export function attribute(type: number, payload: Uint8Array): Buffer {
  const length = headerLength + payload.length
  if (length > maxLength) throw new RangeError(`attribute ${type}: ${payload.length} bytes do not fit`)
  const bytes = Buffer.alloc(align(length))
  bytes.writeUInt16LE(length, 0)
  bytes.writeUInt16LE(type, 2)
  bytes.set(payload, headerLength)
  return bytes
}

export function u8(type: number, value: number): Buffer {
  return attribute(type, Uint8Array.of(value))
}

export function u32(type: number, value: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32LE(value)
  return attribute(type, payload)
}

export function be16(type: number, value: number): Buffer {
  const payload = Buffer.alloc(2)
  payload.writeUInt16BE(value)
  return attribute(type, payload)
}

export function be64(type: number, value: bigint): Buffer {
  const payload = Buffer.alloc(8)
  payload.writeBigUInt64BE(value)
  return attribute(type, payload)
}

/** Text with its terminating zero. */
export function text(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`))
}

export function nested(type: number, ...parts: readonly (Buffer | undefined)[]): Buffer {
  return attribute(type | nestedFlag, join(...parts))
}

/** The parts that are there, one after the other. */
export function join(...parts: readonly (Buffer | undefined)[]): Buffer {
  return Buffer.concat(parts.filter((part) => part !== undefined))
}

/** @throws MalformedNetlinkError when a length leads outside of `bytes`. */
export function decodeAttributes(bytes: Buffer): Attributes {
  const attributes = new Map<number, Buffer>()
  for (let at = 0; at + headerLength <= bytes.length; ) {
    const length = bytes.readUInt16LE(at)
    if (length < headerLength || at + length > bytes.length) {
      throw new MalformedNetlinkError(`attribute of ${length} bytes where ${bytes.length - at} are left`)
    }
    attributes.set(bytes.readUInt16LE(at + 2) & typeMask, bytes.subarray(at + headerLength, at + length))
    at += align(length)
  }
  return attributes
}

export function readNested(attributes: Attributes, type: number): Attributes | undefined {
  const payload = attributes.get(type)
  return payload === undefined ? undefined : decodeAttributes(payload)
}

export function readU8(attributes: Attributes, type: number): number | undefined {
  return read(attributes, { type, length: 1 })?.readUInt8()
}

export function readU32(attributes: Attributes, type: number): number | undefined {
  return read(attributes, { type, length: 4 })?.readUInt32LE()
}

export function readBe64(attributes: Attributes, type: number): bigint | undefined {
  return read(attributes, { type, length: 8 })?.readBigUInt64BE()
}

export function readText(attributes: Attributes, type: number): string | undefined {
  const payload = attributes.get(type)
  if (payload === undefined) return undefined
  const end = payload.indexOf(0)
  return payload.toString('utf8', 0, end < 0 ? payload.length : end)
}

function read(
  attributes: Attributes,
  { type, length }: { type: number; length: number },
): Buffer | undefined {
  const payload = attributes.get(type)
  if (payload !== undefined && payload.length < length) {
    throw new MalformedNetlinkError(`attribute ${type} has ${payload.length} of ${length} bytes`)
  }
  return payload
}

export function align(length: number): number {
  return (length + 3) & ~3
}
