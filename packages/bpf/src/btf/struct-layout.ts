import { BtfError, LayoutError } from '../errors.ts'
import type { BigintKind, FieldShape, LayoutShape, NumberKind } from '../layout/layout.ts'
import { btfSizeOf, findBtfType, resolveBtfType } from './lookup.ts'
import type { Btf, BtfComposite, BtfMember } from './types.ts'

const maxNesting = 8
const maxFields = 4096

const networkOrder: Readonly<Record<string, NumberKind | BigintKind>> = {
  __be16: 'be16',
  __be32: 'be32',
  __be64: 'be64',
}

/**
 * The layout of a C struct, by its tag or by the name of a typedef of one. `__be16` and the like become network
 * order, byte arrays and unions become `bytes`, members of anonymous structs belong to their parent. Members named
 * `pad`, `_pad` or `pad1` are padding and left out. Throws LayoutError naming a field that has no such form
 * (bitfields, pointers, arrays of anything but bytes).
 */
export function structLayout(btf: Btf, name: string): LayoutShape {
  const tag = name.replace(/^struct /, '')
  const found = findBtfType(btf, 'struct', tag) ?? findBtfType(btf, 'typedef', tag)
  if (found === undefined) throw new BtfError(`BTF has no struct ${tag}`)
  const { type } = resolveBtfType(btf, found.id)
  if (type.kind !== 'struct') throw new LayoutError(`${tag} is a ${type.kind}, not a struct`)
  return layoutOf(btf, type, { path: tag, depth: 0, left: { fields: maxFields } })
}

/** `left` is shared by all places of a layout: structs that hold each other several times multiply. */
type Place = { path: string; depth: number; left: { fields: number } }

function layoutOf(btf: Btf, struct: BtfComposite, { path, depth, left }: Place): LayoutShape {
  if (depth > maxNesting) throw new LayoutError(`${path} is nested deeper than ${maxNesting} structs`)
  const fields = new Map<string, FieldShape>()
  for (const member of struct.members) {
    const place = { path: `${path}.${member.name}`, depth: depth + 1, left }
    if (left.fields-- <= 0) throw new LayoutError(`${place.path} comes after ${maxFields} other fields`)
    if (/^_*pad\d*$/.test(member.name)) continue
    if (member.bitSize !== 0 || member.bitOffset % 8 !== 0)
      throw new LayoutError(`${place.path} is a bitfield`)
    const added: [string, FieldShape][] =
      member.name === ''
        ? fieldsOfAnonymous(btf, member, place)
        : [[member.name, fieldOf(btf, member, place)]]
    for (const [name, field] of added) {
      if (fields.has(name)) throw new LayoutError(`${path}.${name} is there twice`)
      fields.set(name, field)
    }
  }
  return { size: struct.size, fields: Object.fromEntries(fields) }
}

function fieldsOfAnonymous(btf: Btf, member: BtfMember, place: Place): [string, FieldShape][] {
  const { type } = resolveBtfType(btf, member.type)
  if (type.kind !== 'struct') throw new LayoutError(`${place.path} is an anonymous ${type.kind}: name it`)
  const base = member.bitOffset / 8
  const inner = Object.entries(layoutOf(btf, type, place).fields)
  return inner.map(([name, field]) => [name, { ...field, offset: base + field.offset }])
}

function fieldOf(btf: Btf, member: BtfMember, place: Place): FieldShape {
  const offset = member.bitOffset / 8
  const { type, typedefs } = resolveBtfType(btf, member.type)
  const ordered = typedefs.map((name) => networkOrder[name]).find((kind) => kind !== undefined)
  if (ordered !== undefined) return { kind: ordered, offset }
  switch (type.kind) {
    case 'int':
      return { kind: integerKind(type.size, type.encoding === 'signed', place.path), offset }
    case 'enum':
    case 'enum64':
      return { kind: integerKind(type.size, type.signed, place.path), offset }
    case 'union':
      return { kind: 'bytes', offset, length: type.size }
    case 'struct':
      return { kind: 'nested', offset, layout: layoutOf(btf, type, place) }
    case 'array': {
      const element = resolveBtfType(btf, type.element).type
      if (element.kind !== 'int' || element.size !== 1)
        throw new LayoutError(
          `${place.path} is an array of ${element.kind} ${element.name}; only byte arrays have a form`,
        )
      return { kind: 'bytes', offset, length: btfSizeOf(btf, member.type) }
    }
    default:
      throw new LayoutError(`${place.path} is a ${type.kind}, which no map key or value can hold`)
  }
}

function integerKind(size: number, signed: boolean, path: string): NumberKind | BigintKind {
  const kinds = signed
    ? ({ 1: 'i8', 2: 'i16', 4: 'i32', 8: 'i64' } as const)
    : ({ 1: 'u8', 2: 'u16', 4: 'u32', 8: 'u64' } as const)
  const kind = (kinds as Record<number, NumberKind | BigintKind>)[size]
  if (kind === undefined) throw new LayoutError(`${path} is an integer of ${size} bytes`)
  return kind
}
