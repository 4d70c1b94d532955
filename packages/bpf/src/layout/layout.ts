import { LayoutError } from '../errors.ts'

/** Numbers of up to 32 bits, little-endian as this project's machines are; `be*` is network order. */
export type NumberKind = 'u8' | 'u16' | 'u32' | 'i8' | 'i16' | 'i32' | 'be16' | 'be32'
export type BigintKind = 'u64' | 'i64' | 'be64'

/** Where a field lies, in bytes from the start of its struct. Plain data, as generated files carry it. */
export type FieldShape = Readonly<
  | { kind: NumberKind; offset: number }
  | { kind: BigintKind; offset: number }
  | { kind: 'bytes'; offset: number; length: number }
  | { kind: 'nested'; offset: number; layout: LayoutShape }
>

/** A C struct: its size with padding, and the fields that matter. Bytes that no field covers are zero. */
export type LayoutShape = Readonly<{ size: number; fields: Readonly<Record<string, FieldShape>> }>

type FieldValue<F> = F extends { kind: 'nested'; layout: infer L extends LayoutShape }
  ? ShapeValue<L>
  : F extends { kind: 'bytes' }
    ? Uint8Array
    : F extends { kind: BigintKind }
      ? bigint
      : number

type ShapeValue<S extends LayoutShape> = { readonly [K in keyof S['fields']]: FieldValue<S['fields'][K]> }

export type Layout<S extends LayoutShape = LayoutShape> = S & {
  /**
   * Writes the whole struct, padding as zeros, into `into` at `offset` (a new Buffer by default) and returns the
   * buffer. Throws LayoutError naming the field that is missing or out of range.
   */
  encode(value: ShapeValue<S>, into?: Buffer, offset?: number): Buffer
  /** Reads the struct at `offset`. `bytes` fields are copies. Throws LayoutError when the buffer is too short. */
  decode(buffer: Uint8Array, offset?: number): ShapeValue<S>
}

/** The value that a layout encodes: `type PolicyKey = LayoutValue<typeof policyKey>`. */
export type LayoutValue<L extends LayoutShape> = ShapeValue<L>

type Codec = {
  write(value: unknown, into: Buffer, at: number): void
  read(from: Buffer, at: number): unknown
}

/** A typed codec for a C struct. Throws LayoutError when a field does not lie inside the struct. */
export function defineLayout<const S extends LayoutShape>(shape: S): Layout<S> {
  const { write, read } = structCodec(shape, '')
  return {
    ...shape,
    encode(value, into = Buffer.allocUnsafe(shape.size), offset = 0) {
      checkRoom(into, offset, shape.size)
      write(value, into, offset)
      return into
    },
    decode(buffer, offset = 0) {
      checkRoom(buffer, offset, shape.size)
      const from = Buffer.isBuffer(buffer)
        ? buffer
        : Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength)
      return read(from, offset) as ShapeValue<S>
    },
  }
}

function checkRoom(buffer: Uint8Array, offset: number, size: number): void {
  if (offset >= 0 && offset + size <= buffer.length) return
  throw new LayoutError(`a struct of ${size} bytes at ${offset} in a buffer of ${buffer.length} bytes`)
}

function structCodec(shape: LayoutShape, path: string): Codec {
  const fields = Object.entries(shape.fields).map(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`
    const size = fieldSize(field)
    if (field.offset < 0 || field.offset + size > shape.size) {
      throw new LayoutError(
        `field ${at}: ${size} bytes at ${field.offset} in a struct of ${shape.size} bytes`,
      )
    }
    return { name, offset: field.offset, codec: fieldCodec(field, at) }
  })
  return {
    write(value, into, at) {
      if (typeof value !== 'object' || value === null) throw new LayoutError(`${path} is not an object`)
      const record = value as Record<string, unknown>
      into.fill(0, at, at + shape.size)
      for (const { name, offset, codec } of fields) codec.write(record[name], into, at + offset)
    },
    read(from, at) {
      const value: Record<string, unknown> = {}
      for (const { name, offset, codec } of fields) value[name] = codec.read(from, at + offset)
      return value
    },
  }
}

function fieldSize(field: FieldShape): number {
  if (field.kind === 'bytes') return field.length
  if (field.kind === 'nested') return field.layout.size
  return scalars[field.kind].size
}

function fieldCodec(field: FieldShape, path: string): Codec {
  if (field.kind === 'nested') return structCodec(field.layout, path)
  if (field.kind === 'bytes') return bytesCodec(field.length, path)
  const { min, max, write, read } = scalars[field.kind]
  const type = typeof min
  return {
    write(value, into, at) {
      // One comparison refuses undefined and NaN as well.
      const fits = typeof value === type && (value as number) >= min && (value as number) <= max
      if (!fits || (type === 'number' && !Number.isInteger(value))) {
        throw new LayoutError(`field ${path}: ${String(value)} is not a ${field.kind} (${type})`)
      }
      write(into, at, value as never)
    },
    read: (from, at) => read(from, at),
  }
}

function bytesCodec(length: number, path: string): Codec {
  return {
    write(value, into, at) {
      if (!(value instanceof Uint8Array) || value.length !== length) {
        const got = value instanceof Uint8Array ? `${value.length} bytes` : typeof value
        throw new LayoutError(`field ${path}: ${got} instead of ${length} bytes`)
      }
      into.set(value, at)
    },
    read: (from, at) => new Uint8Array(from.subarray(at, at + length)),
  }
}

type Scalar = Readonly<{
  size: number
  min: number | bigint
  max: number | bigint
  write(into: Buffer, at: number, value: never): void
  read(from: Buffer, at: number): number | bigint
}>

const scalars: Readonly<Record<NumberKind | BigintKind, Scalar>> = {
  u8: {
    size: 1,
    min: 0,
    max: 0xff,
    write: (into, at, value) => into.writeUInt8(value, at),
    read: (from, at) => from.readUInt8(at),
  },
  u16: {
    size: 2,
    min: 0,
    max: 0xffff,
    write: (into, at, value) => into.writeUInt16LE(value, at),
    read: (from, at) => from.readUInt16LE(at),
  },
  u32: {
    size: 4,
    min: 0,
    max: 0xffffffff,
    write: (into, at, value) => into.writeUInt32LE(value, at),
    read: (from, at) => from.readUInt32LE(at),
  },
  i8: {
    size: 1,
    min: -0x80,
    max: 0x7f,
    write: (into, at, value) => into.writeInt8(value, at),
    read: (from, at) => from.readInt8(at),
  },
  i16: {
    size: 2,
    min: -0x8000,
    max: 0x7fff,
    write: (into, at, value) => into.writeInt16LE(value, at),
    read: (from, at) => from.readInt16LE(at),
  },
  i32: {
    size: 4,
    min: -0x80000000,
    max: 0x7fffffff,
    write: (into, at, value) => into.writeInt32LE(value, at),
    read: (from, at) => from.readInt32LE(at),
  },
  be16: {
    size: 2,
    min: 0,
    max: 0xffff,
    write: (into, at, value) => into.writeUInt16BE(value, at),
    read: (from, at) => from.readUInt16BE(at),
  },
  be32: {
    size: 4,
    min: 0,
    max: 0xffffffff,
    write: (into, at, value) => into.writeUInt32BE(value, at),
    read: (from, at) => from.readUInt32BE(at),
  },
  u64: {
    size: 8,
    min: 0n,
    max: 0xffffffffffffffffn,
    write: (into, at, value) => into.writeBigUInt64LE(value, at),
    read: (from, at) => from.readBigUInt64LE(at),
  },
  i64: {
    size: 8,
    min: -0x8000000000000000n,
    max: 0x7fffffffffffffffn,
    write: (into, at, value) => into.writeBigInt64LE(value, at),
    read: (from, at) => from.readBigInt64LE(at),
  },
  be64: {
    size: 8,
    min: 0n,
    max: 0xffffffffffffffffn,
    write: (into, at, value) => into.writeBigUInt64BE(value, at),
    read: (from, at) => from.readBigUInt64BE(at),
  },
}
