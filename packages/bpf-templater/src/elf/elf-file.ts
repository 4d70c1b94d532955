import { ElfError } from '../errors.ts'
import { boundedSlice, readName, readU64 } from './read.ts'

/** A section header of elf(5), its name and its bytes (empty for NOBITS). */
export type ElfSection = Readonly<{
  index: number
  name: string
  type: number
  executable: boolean
  link: number
  info: number
  size: number
  bytes: Buffer
}>

export type ElfSymbol = Readonly<{
  name: string
  binding: 'local' | 'global' | 'weak'
  type: 'notype' | 'object' | 'func' | 'section' | 'file'
  /** Index of the section that defines it; 0 is "undefined", 0xfff1 "absolute". */
  section: number
  /** Offset in that section; 0 for a symbol in none (the value of an absolute symbol is no offset). */
  value: number
  size: number
}>

export type ElfFile = Readonly<{ sections: readonly ElfSection[]; symbols: readonly ElfSymbol[] }>

export const sectionTypes = { symbols: 2, rela: 4, nobits: 8, rel: 9 } as const
export const undefinedSection = 0
/** From here on section numbers mean something else, such as "absolute". */
const firstReserved = 0xff00

const headerSize = 64
const sectionHeaderSize = 64
const symbolSize = 24
const machineBpf = 247
const typeRelocatable = 1
const flagExecutable = 4
const maxFileBytes = 16 * 1024 * 1024
const maxSections = 4096
const maxSymbols = 65536

const bindings = { 0: 'local', 1: 'global', 2: 'weak' } as const
const symbolTypes = { 0: 'notype', 1: 'object', 2: 'func', 3: 'section', 4: 'file' } as const

/** Sections that tools other than a loader read; only these may share a name. */
const forOtherTools = /^$|^\.(group|debug|rela?\.debug)/

/**
 * Reads a relocatable little-endian ELF64 object for BPF (elf(5)). What it returns is about as large as the file, as
 * names are short and sections do not share bytes. Throws ElfError.
 */
export function parseElf(bytes: Buffer): ElfFile {
  checkHeader(bytes)
  const sections = readSections(bytes)
  checkOverlap(sections, bytes.length)
  checkNames(sections)
  const tables = sections.filter((section) => section.type === sectionTypes.symbols)
  if (tables.length > 1) throw new ElfError(`${tables.length} symbol tables`)
  return { sections, symbols: tables[0] === undefined ? [] : readSymbols(tables[0], sections) }
}

function checkHeader(bytes: Buffer): void {
  if (bytes.length > maxFileBytes)
    throw new ElfError(`the object of ${bytes.length} bytes is larger than ${maxFileBytes}`)
  if (bytes.length < headerSize || bytes.readUInt32BE(0) !== 0x7f454c46) throw new ElfError('not an ELF file')
  if (bytes[4] !== 2 || bytes[5] !== 1) throw new ElfError('not a little-endian 64-bit ELF file')
  const type = bytes.readUInt16LE(16)
  const machine = bytes.readUInt16LE(18)
  if (machine !== machineBpf)
    throw new ElfError(`an object for machine ${machine}, not for BPF (${machineBpf})`)
  if (type !== typeRelocatable)
    throw new ElfError(`an ELF file of type ${type}, not relocatable (${typeRelocatable})`)
}

function readSections(bytes: Buffer): ElfSection[] {
  const offset = readU64(bytes, 40, 'section header offset')
  const entrySize = bytes.readUInt16LE(58)
  const count = bytes.readUInt16LE(60)
  if (entrySize !== sectionHeaderSize) throw new ElfError(`section headers of ${entrySize} bytes`)
  if (count > maxSections) throw new ElfError(`${count} sections, more than ${maxSections}`)
  const table = boundedSlice(bytes, { offset, size: count * sectionHeaderSize, what: 'section headers' })
  const headers = Array.from({ length: count }, (_, index) =>
    table.subarray(index * sectionHeaderSize, (index + 1) * sectionHeaderSize),
  )
  const names = headers[bytes.readUInt16LE(62)]
  if (names === undefined) throw new ElfError('no section holds the names of sections')
  const nameBytes = sectionBytes(bytes, names, 'section names')
  return headers.map((header, index) => {
    const name = readName(nameBytes, header.readUInt32LE(0), `section ${index}`)
    return {
      index,
      name,
      type: header.readUInt32LE(4),
      executable: (header.readUInt32LE(8) & flagExecutable) !== 0,
      link: header.readUInt32LE(40),
      info: header.readUInt32LE(44),
      size: readU64(header, 32, `size of section ${name}`),
      bytes: sectionBytes(bytes, header, `section ${name}`),
    }
  })
}

/** Sections that overlap would be work without bounds for those who go through them one by one. */
function checkOverlap(sections: readonly ElfSection[], fileBytes: number): void {
  const total = sections.reduce((sum, section) => sum + section.bytes.length, 0)
  if (total > fileBytes) throw new ElfError(`the sections overlap: ${total} bytes in a file of ${fileBytes}`)
}

function checkNames(sections: readonly ElfSection[]): void {
  const names = new Set<string>()
  for (const { name } of sections) {
    if (forOtherTools.test(name)) continue
    if (names.has(name)) throw new ElfError(`section ${name} is there twice`)
    names.add(name)
  }
}

function sectionBytes(bytes: Buffer, header: Buffer, what: string): Buffer {
  const type = header.readUInt32LE(4)
  if (type === sectionTypes.nobits || type === 0) return Buffer.alloc(0)
  return boundedSlice(bytes, { offset: readU64(header, 24, what), size: readU64(header, 32, what), what })
}

function readSymbols(table: ElfSection, sections: readonly ElfSection[]): ElfSymbol[] {
  const names = sections[table.link]?.bytes
  if (names === undefined) throw new ElfError(`section ${table.name}: no section ${table.link} for its names`)
  const count = table.bytes.length / symbolSize
  if (!Number.isInteger(count)) throw new ElfError(`section ${table.name} is no whole number of symbols`)
  if (count > maxSymbols) throw new ElfError(`${count} symbols, more than ${maxSymbols}`)
  return Array.from({ length: count }, (_, index) => {
    const at = index * symbolSize
    const info = table.bytes.readUInt8(at + 4)
    const section = table.bytes.readUInt16LE(at + 6)
    const name = readName(names, table.bytes.readUInt32LE(at), `symbol ${index}`)
    const binding = (bindings as Record<number, ElfSymbol['binding']>)[info >> 4]
    const type = (symbolTypes as Record<number, ElfSymbol['type']>)[info & 0xf]
    if (binding === undefined || type === undefined) {
      throw new ElfError(`symbol ${name || index}: unknown binding or type ${info}`)
    }
    if (section >= sections.length && section < firstReserved) {
      throw new ElfError(`symbol ${name || index}: it is in section ${section} of ${sections.length}`)
    }
    return {
      // Section symbols are nameless; their section's name says more than nothing.
      name: type === 'section' ? (sections[section]?.name ?? '') : name,
      binding,
      type,
      section,
      value: section < firstReserved ? readU64(table.bytes, at + 8, `value of symbol ${name || index}`) : 0,
      size: readU64(table.bytes, at + 16, `size of symbol ${name || index}`),
    }
  })
}
