import { btfExtFields, btfFields } from './btf-anatomy.ts'

/**
 * A number in an object that is worth changing as a whole. `group` is what it means (numbers of one group are put in
 * each other's place), `limit` how many things it can name where it is an index.
 */
export type Field = Readonly<{ group: string; at: number; width: 1 | 2 | 4 | 8; limit: number }>

/** Where a section and its header are. `record` is the size of its records, 1 where it has none. */
export type Span = Readonly<{ headerAt: number; start: number; size: number; type: number; record: number }>

export type Anatomy = Readonly<{
  fields: ReadonlyMap<string, readonly Field[]>
  groups: readonly string[]
  spans: readonly Span[]
}>

const headerSize = 64
const sectionHeaderSize = 64
const maxSections = 256
const maxInstructions = 20_000

const headerFields = [
  ['header', 4, 1],
  ['header', 16, 2],
  ['header', 18, 2],
  ['header', 40, 8],
  ['header', 58, 2],
  ['header', 60, 2],
  ['header', 62, 2],
] as const

const sectionFields = [
  ['section.name', 0, 4],
  ['section.type', 4, 4],
  ['section.flags', 8, 1],
  ['section.offset', 24, 8],
  ['section.size', 32, 8],
  ['section.link', 40, 4],
  ['section.info', 44, 4],
  ['section.entsize', 56, 8],
] as const

const symbolFields = [
  ['symbol.name', 0, 4],
  ['symbol.info', 4, 1],
  ['symbol.section', 6, 2],
  ['symbol.value', 8, 8],
  ['symbol.size', 16, 8],
] as const

const relocationFields = [
  ['relocation.offset', 0, 8],
  ['relocation.type', 8, 4],
  ['relocation.symbol', 12, 4],
] as const

const instructionFields = [
  ['insn.opcode', 0, 1],
  ['insn.registers', 1, 1],
  ['insn.offset', 2, 2],
  ['insn.immediate', 4, 4],
] as const

type Layout = readonly (readonly [string, number, Field['width']])[]

/**
 * Where the numbers of an object are. Lenient and apart from the parser under test: what makes no sense is left out,
 * and nothing here throws.
 */
export function anatomyOf(bytes: Buffer): Anatomy {
  const found: Field[] = []
  const spans = findSpans(bytes)
  const limits = { sections: spans.length, symbols: 0 }
  for (const { type, size } of spans) if (type === 2) limits.symbols = Math.floor(size / 24)
  const add = (layout: Layout, at: number) => {
    for (const [group, offset, width] of layout) {
      found.push({ group, at: at + offset, width, limit: limitOf(group, limits) })
    }
  }
  if (bytes.length >= headerSize) add(headerFields, 0)
  for (const { headerAt, start, size, type, record } of spans) {
    add(sectionFields, headerAt)
    const layout = type === 2 ? symbolFields : type === 9 ? relocationFields : undefined
    if (layout !== undefined) for (let at = 0; at + record <= size; at += record) add(layout, start + at)
    if (type !== 1) continue
    const isCode = (bytes[headerAt + 8]! & 4) !== 0
    if (isCode)
      for (let at = 0; at + 8 <= size && at < maxInstructions * 8; at += 8) add(instructionFields, start + at)
    else found.push(...btfFields(bytes, { start, size }), ...btfExtFields(bytes, { start, size }))
  }
  return group(found, spans, bytes.length)
}

function findSpans(bytes: Buffer): Span[] {
  if (bytes.length < headerSize) return []
  const table = bytes.readUInt32LE(40)
  const count = Math.min(bytes.readUInt16LE(60), maxSections)
  const spans: Span[] = []
  for (let index = 0; index < count; index++) {
    const headerAt = table + index * sectionHeaderSize
    if (headerAt + sectionHeaderSize > bytes.length) break
    const type = bytes.readUInt32LE(headerAt + 4)
    const start = bytes.readUInt32LE(headerAt + 24)
    const size = Math.max(0, Math.min(bytes.readUInt32LE(headerAt + 32), bytes.length - start))
    const record = type === 2 ? 24 : type === 9 ? 16 : (bytes[headerAt + 8]! & 4) !== 0 ? 8 : 1
    spans.push({ headerAt, start, size: type === 8 || type === 0 ? 0 : size, type, record })
  }
  return spans
}

function limitOf(group: string, { sections, symbols }: { sections: number; symbols: number }): number {
  if (group === 'relocation.symbol') return symbols
  return group === 'symbol.section' || group === 'section.link' || group === 'section.info' ? sections : 0
}

function group(found: readonly Field[], spans: readonly Span[], length: number): Anatomy {
  const fields = new Map<string, Field[]>()
  for (const field of found) {
    if (field.at + field.width > length) continue
    const list = fields.get(field.group)
    if (list === undefined) fields.set(field.group, [field])
    else list.push(field)
  }
  return { fields, groups: [...fields.keys()], spans }
}
