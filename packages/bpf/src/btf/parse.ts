import { BtfError } from '../errors.ts'
import type { Btf, BtfLinkage, BtfReference, BtfType } from './types.ts'

const magic = 0xeb9f
const headerSize = 24
const typeSize = 12
/** Bounds of the kernel: BTF_MAX_SIZE, BTF_MAX_TYPE, KSYM_NAME_LEN. They keep what is made of the bytes affordable. */
const maxBytes = 16 * 1024 * 1024
const maxTypes = 1 << 20
const maxNameBytes = 512

/** Kind numbers of linux/btf.h in order. */
const kinds = [
  undefined,
  'int',
  'ptr',
  'array',
  'struct',
  'union',
  'enum',
  'fwd',
  'typedef',
  'volatile',
  'const',
  'restrict',
  'func',
  'func_proto',
  'var',
  'datasec',
  'float',
  'decl_tag',
  'type_tag',
  'enum64',
] as const

type Kind = NonNullable<(typeof kinds)[number]>

/**
 * Reads little-endian BTF (Documentation/bpf/btf.rst in the kernel's sources). Every offset, length and type id is
 * checked: what this returns refers to nothing outside itself. Throws BtfError naming the type that is wrong.
 */
export function parseBtf(bytes: Uint8Array): Btf {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { types: typeRange, strings: stringRange } = parseHeader(data)
  const stringAt = stringReader(bytes.subarray(stringRange.start, stringRange.end))
  const types: BtfType[] = [{ kind: 'void', name: '' }]
  const reader = new TypeReader(data, typeRange.end, stringAt)
  for (let at = typeRange.start; at < typeRange.end; at = reader.end) {
    if (types.length >= maxTypes) throw new BtfError(`BTF has more than ${maxTypes} types`)
    types.push(reader.read(at, types.length))
  }
  types.forEach((type, id) => {
    checkReferences(type, id, types.length)
  })
  return { types, stringAt }
}

type Range = { start: number; end: number }

function parseHeader(data: DataView): { types: Range; strings: Range } {
  if (data.byteLength > maxBytes)
    throw new BtfError(`BTF of ${data.byteLength} bytes is larger than ${maxBytes}`)
  if (data.byteLength < headerSize) throw new BtfError(`BTF of ${data.byteLength} bytes has no header`)
  if (data.getUint16(0, true) !== magic)
    throw new BtfError('BTF magic number is wrong (or the byte order is)')
  if (data.getUint8(2) !== 1) throw new BtfError(`BTF version ${data.getUint8(2)} is not 1`)
  const headerLength = data.getUint32(4, true)
  const range = (at: number, what: string): Range => {
    const start = headerLength + data.getUint32(at, true)
    const end = start + data.getUint32(at + 4, true)
    if (headerLength < headerSize || end > data.byteLength)
      throw new BtfError(`BTF ${what} section ends at ${end} of ${data.byteLength} bytes`)
    return { start, end }
  }
  return { types: range(8, 'type'), strings: range(16, 'string') }
}

function stringReader(bytes: Uint8Array): (offset: number) => string {
  if (bytes[0] !== 0 || bytes.at(-1) !== 0)
    throw new BtfError('BTF string section does not start and end with NUL')
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const known = new Map<number, string>()
  let total = 0
  return (offset) => {
    const again = known.get(offset)
    if (again !== undefined) return again
    if (offset >= bytes.length) throw new BtfError(`BTF string offset ${offset} of ${bytes.length}`)
    const name = decodeName(text.subarray(offset, offset + maxNameBytes), offset)
    // Ends of other names are names too, but not so many that the names are larger than the bytes.
    total += name.length
    if (total > 2 * bytes.length) throw new BtfError(`BTF strings overlap: ${total} bytes in ${bytes.length}`)
    known.set(offset, name)
    return name
  }
}

function decodeName(bytes: Buffer, offset: number): string {
  const end = bytes.indexOf(0)
  if (end === -1) throw new BtfError(`BTF string at ${offset} is longer than a name of ${maxNameBytes} bytes`)
  const name = bytes.toString('utf8', 0, end)
  // Names are shown to people, on terminals and in logs.
  if (/\p{Cc}/u.test(name)) throw new BtfError(`BTF string at ${offset} has control characters`)
  return name
}

class TypeReader {
  readonly #data: DataView
  readonly #limit: number
  readonly #stringAt: (offset: number) => string
  /** Where the type read last ends. */
  end = 0

  constructor(data: DataView, limit: number, stringAt: (offset: number) => string) {
    this.#data = data
    this.#limit = limit
    this.#stringAt = stringAt
  }

  read(at: number, id: number): BtfType {
    this.end = at
    this.#take(typeSize, id)
    const info = this.#u32(at + 4)
    const kind = kinds[(info >>> 24) & 0x1f]
    if (kind === undefined) throw new BtfError(`BTF type ${id} has unknown kind ${(info >>> 24) & 0x1f}`)
    const name = this.#stringAt(this.#u32(at))
    return this.#body(kind, {
      at,
      id,
      name,
      count: info & 0xffff,
      flag: info >>> 31 === 1,
      word: this.#u32(at + 8),
    })
  }

  #body(
    kind: Kind,
    type: { at: number; id: number; name: string; count: number; flag: boolean; word: number },
  ): BtfType {
    const { id, name, count, flag, word } = type
    switch (kind) {
      case 'int':
        return this.#int(id, name, word)
      case 'array': {
        const at = this.#take(12, id)
        return { kind, name: '', element: this.#u32(at), index: this.#u32(at + 4), length: this.#u32(at + 8) }
      }
      case 'struct':
      case 'union': {
        const members = this.#records(count, 12, id, (at) => {
          const offset = this.#u32(at + 8)
          return {
            name: this.#string(at),
            type: this.#u32(at + 4),
            bitOffset: flag ? offset & 0xffffff : offset,
            bitSize: flag ? offset >>> 24 : 0,
          }
        })
        return { kind, name, size: word, members }
      }
      case 'enum': {
        const values = this.#records(count, 8, id, (at) => ({
          name: this.#string(at),
          value: BigInt(flag ? this.#data.getInt32(at + 4, true) : this.#u32(at + 4)),
        }))
        return { kind, name, size: word, signed: flag, values }
      }
      case 'enum64': {
        const values = this.#records(count, 12, id, (at) => {
          const value = (BigInt(this.#u32(at + 8)) << 32n) | BigInt(this.#u32(at + 4))
          return { name: this.#string(at), value: flag ? BigInt.asIntN(64, value) : value }
        })
        return { kind, name, size: word, signed: flag, values }
      }
      case 'fwd':
        return { kind, name, of: flag ? 'union' : 'struct' }
      case 'func':
        return { kind, name, type: word, linkage: linkage(count, id) }
      case 'func_proto': {
        const parameters = this.#records(count, 8, id, (at) => ({
          name: this.#string(at),
          type: this.#u32(at + 4),
        }))
        return { kind, name: '', returns: word, parameters }
      }
      case 'var':
        return { kind, name, type: word, linkage: linkage(this.#u32(this.#take(4, id)), id) }
      case 'datasec': {
        const variables = this.#records(count, 12, id, (at) => ({
          type: this.#u32(at),
          offset: this.#u32(at + 4),
          size: this.#u32(at + 8),
        }))
        return { kind, name, size: word, variables, at: type.at }
      }
      case 'float':
        return { kind, name, size: word }
      case 'decl_tag':
        return { kind, name, type: word, component: this.#data.getInt32(this.#take(4, id), true) }
      default:
        return { kind, name, type: word } satisfies BtfReference
    }
  }

  #int(id: number, name: string, size: number): BtfType {
    const word = this.#u32(this.#take(4, id))
    const bits = word & 0xff
    if (size > 16 || bits > size * 8 || (word & 0xff0000) !== 0) {
      throw new BtfError(`BTF type ${id} (${name}): an integer of ${bits} bits in ${size} bytes`)
    }
    const encoding = (['unsigned', 'signed', 'char', undefined, 'bool'] as const)[(word >>> 24) & 0xf]
    if (encoding === undefined) throw new BtfError(`BTF type ${id} (${name}): unknown integer encoding`)
    return { kind: 'int', name, size, bits, encoding }
  }

  #records<T>(count: number, size: number, id: number, read: (at: number) => T): T[] {
    const start = this.#take(count * size, id)
    return Array.from({ length: count }, (_, index) => read(start + index * size))
  }

  /** Claims the next `size` bytes of the type section and returns where they start. */
  #take(size: number, id: number): number {
    const start = this.end
    if (start + size > this.#limit) throw new BtfError(`BTF type ${id} runs past the end of the type section`)
    this.end = start + size
    return start
  }

  #u32(at: number): number {
    return this.#data.getUint32(at, true)
  }

  #string(at: number): string {
    return this.#stringAt(this.#u32(at))
  }
}

function linkage(value: number, id: number): BtfLinkage {
  const name = (['static', 'global', 'extern'] as const)[value]
  if (name === undefined) throw new BtfError(`BTF type ${id} has unknown linkage ${value}`)
  return name
}

function checkReferences(type: BtfType, id: number, count: number): void {
  for (const reference of referencesOf(type)) {
    if (reference >= count)
      throw new BtfError(`BTF type ${id} (${type.name}) refers to type ${reference} of ${count}`)
  }
}

function referencesOf(type: BtfType): number[] {
  switch (type.kind) {
    case 'array':
      return [type.element, type.index]
    case 'struct':
    case 'union':
      return type.members.map((member) => member.type)
    case 'func_proto':
      return [type.returns, ...type.parameters.map((parameter) => parameter.type)]
    case 'datasec':
      return type.variables.map((variable) => variable.type)
    default:
      return 'type' in type ? [type.type] : []
  }
}
