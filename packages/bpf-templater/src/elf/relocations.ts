import { ElfError } from '../errors.ts'
import type { ElfFile, ElfSection, ElfSymbol } from './elf-file.ts'
import { sectionTypes } from './elf-file.ts'
import { readU64 } from './read.ts'

/** R_BPF_64_64 patches a 64-bit immediate, R_BPF_64_32 a call (Documentation/bpf/llvm_reloc.rst). */
export type Relocation = Readonly<{ kind: 'immediate' | 'call'; symbol: ElfSymbol }>

const relocationSize = 16
const kinds: Readonly<Record<number, Relocation['kind']>> = { 1: 'immediate', 10: 'call' }

/** Sections whose relocations serve other tools: debuggers, and the loader through BTF itself. */
const ignored = /^\.(BTF|debug|eh_frame|llvm|rela?\.debug)/

/**
 * The relocations of each executable section, by the index of the instruction that they patch. Throws ElfError for
 * a relocation of an unknown type, outside of its section, or in a section that cannot be patched.
 */
export function readRelocations(elf: ElfFile): ReadonlyMap<ElfSection, ReadonlyMap<number, Relocation>> {
  const bySection = new Map<ElfSection, Map<number, Relocation>>()
  for (const table of elf.sections) {
    if (table.type !== sectionTypes.rel && table.type !== sectionTypes.rela) continue
    const target = elf.sections[table.info]
    if (target === undefined)
      throw new ElfError(`section ${table.name} relocates section ${table.info}, which is not there`)
    if (ignored.test(target.name)) continue
    if (bySection.has(target)) throw new ElfError(`section ${target.name} is relocated twice`)
    checkTarget(elf, table, target)
    bySection.set(target, readTable(elf, table, target))
  }
  return bySection
}

function checkTarget(elf: ElfFile, table: ElfSection, target: ElfSection): void {
  if (target.name === '.maps') {
    throw new ElfError('section .maps: initial values of maps are not supported; write them after loading')
  }
  if (!target.executable)
    throw new ElfError(`section ${target.name}: data that holds addresses is not supported`)
  if (elf.sections[table.link]?.type !== sectionTypes.symbols)
    throw new ElfError(
      `section ${table.name}: its symbols are in section ${table.link}, which is no symbol table`,
    )
  if (table.type === sectionTypes.rela) throw new ElfError(`section ${table.name}: relocations with addends`)
}

function readTable(elf: ElfFile, { name, bytes }: ElfSection, target: ElfSection): Map<number, Relocation> {
  if (bytes.length % relocationSize !== 0)
    throw new ElfError(`section ${name} is no whole number of relocations`)
  const relocations = new Map<number, Relocation>()
  for (let at = 0; at < bytes.length; at += relocationSize) {
    const offset = readU64(bytes, at, `relocation in ${name}`)
    const type = bytes.readUInt32LE(at + 8)
    const symbol = elf.symbols[bytes.readUInt32LE(at + 12)]
    const where = `section ${target.name}, offset ${offset}`
    const kind = kinds[type]
    if (symbol === undefined) throw new ElfError(`${where}: a relocation against a symbol that is not there`)
    if (kind === undefined)
      throw new ElfError(`${where}: unknown relocation type ${type} against ${symbol.name}`)
    if (offset % 8 !== 0 || offset >= target.bytes.length)
      throw new ElfError(`${where}: no instruction to relocate`)
    if (relocations.has(offset / 8)) throw new ElfError(`${where}: two relocations of one instruction`)
    relocations.set(offset / 8, { kind, symbol })
  }
  return relocations
}
