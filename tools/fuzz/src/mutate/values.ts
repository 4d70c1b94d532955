import type { Random } from '../random.ts'
import type { Anatomy, Field } from './anatomy.ts'

/** The edges of the widths, and what sizes and counts usually are. */
export const interesting: readonly number[] = [
  0, 1, 2, 3, 4, 7, 8, 12, 15, 16, 24, 32, 63, 64, 127, 128, 255, 256, 257, 511, 512, 1000, 4095, 4096, 32767,
  32768, 65535, 65536, 0xffffff, 0x7fffffff, 0x80000000, 0xfffffff0, 0xfffffff8, 0xffffffff,
]

/** What the high half of a 64-bit number is now and then. */
const highHalves: readonly number[] = [1, 0x1fffff, 0x200000, 0x7fffffff, 0x80000000, 0xffffffff]

/** Values with a meaning of their own, by group. */
const meaningful: Readonly<Record<string, readonly number[]>> = {
  'section.type': [0, 1, 2, 3, 4, 8, 9],
  'section.flags': [0, 1, 2, 3, 4, 6, 7],
  'symbol.info': [0x00, 0x01, 0x02, 0x03, 0x04, 0x10, 0x11, 0x12, 0x20, 0x22],
  'symbol.section': [0xff00, 0xfff1, 0xfff2, 0xffff],
  'relocation.type': [0, 1, 2, 3, 4, 10],
  'insn.opcode': [0x18, 0x85, 0x95, 0xb7, 0x05, 0x00, 0x8d],
  'insn.registers': [0x00, 0x01, 0x10, 0x11, 0x20, 0x30, 0x40, 0x50, 0x60],
  'insn.immediate': [0xffffffff, 0xfffffffe, 0, 1, 2, 8],
  'btf.kind': [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 31, 0x84, 0x86, 0x93,
  ],
  'btf.vlen': [0, 1, 2, 3, 16, 0xffff],
  'btf.word': [0, 1, 2, 4, 8, 16, 17, 64],
}

const deltas = [1, -1, 2, -2, 4, -4, 8, -8, 16, -16, 24, 64, 256] as const

/** Gives a field another value: one that its group has a meaning for, another field's, a near one, or an edge. */
export function changeField(
  bytes: Buffer,
  field: Field,
  { anatomy, random }: { anatomy: Anatomy; random: Random },
): void {
  if (field.at + field.width > bytes.length) return
  const value = chooseValue(bytes, field, { anatomy, random })
  writeNumber(bytes, field, value)
  if (field.width !== 8) return
  const high = random.oneIn(8) ? random.pick(highHalves) : 0
  bytes.writeUInt32LE(high, field.at + 4)
}

function chooseValue(
  bytes: Buffer,
  field: Field,
  { anatomy, random }: { anatomy: Anatomy; random: Random },
): number {
  const own = meaningful[field.group]
  switch (random.below(6)) {
    case 0:
      if (field.limit > 0) return random.below(field.limit + 2)
      return own === undefined ? random.pick(interesting) : random.pick(own)
    case 1:
      if (own !== undefined) return random.pick(own)
      return field.limit > 0 ? random.below(field.limit + 2) : random.below(64) * 8
    case 2: {
      const other = random.pick(anatomy.fields.get(field.group)!)
      return other.at + other.width <= bytes.length ? readNumber(bytes, other) : 0
    }
    case 3:
      return readNumber(bytes, field) + random.pick(deltas)
    case 4:
      return random.below(bytes.length)
    default:
      return random.oneIn(4) ? random.next() : random.pick(interesting)
  }
}

/** Of a 64-bit field its low half. */
function readNumber(bytes: Buffer, { at, width }: Field): number {
  return width === 1 ? bytes[at]! : width === 2 ? bytes.readUInt16LE(at) : bytes.readUInt32LE(at)
}

function writeNumber(bytes: Buffer, { at, width }: Field, value: number): void {
  if (width === 1) bytes[at] = value
  else if (width === 2) bytes.writeUInt16LE(value & 0xffff, at)
  else bytes.writeUInt32LE(value >>> 0, at)
}
