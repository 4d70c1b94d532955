import { type Btf, BtfError, parseBtf } from '@axoneme/bpf'
import { type ElfFile, type ElfSection, parseElf } from '../elf/elf-file.ts'
import { readRelocations } from '../elf/relocations.ts'
import { ElfError } from '../errors.ts'
import { type BtfExt, parseBtfExt } from './btf-ext.ts'
import { completeBtf } from './complete-btf.ts'
import { type ConstantSymbol, readConstantSymbols } from './constants.ts'
import { type BpfFunction, readFunctions, subprogramSection } from './functions.ts'
import { type LinkInput, linkProgram } from './link-program.ts'
import { readMapDefinitions } from './map-definitions.ts'
import type { ConstantPlan, DataPlan, ObjectPlan, ProgramPlan } from './object-plan.ts'
import { programBtf } from './program-btf.ts'
import { programSectionKind } from './program-sections.ts'

/** Of all programs together. Each has its own copy of the functions that it calls: a small file could become any size. */
const maxProgramBytes = 32 * 1024 * 1024

/**
 * Reads a relocatable BPF object as clang writes it. Pure: no kernel is asked. Everything in the file is checked;
 * throws ElfError naming the section or symbol that is wrong or not supported.
 */
export function parseObject(bytes: Buffer): ObjectPlan {
  try {
    return planOf(parseElf(bytes))
  } catch (error) {
    if (error instanceof BtfError) throw new ElfError('section .BTF', { cause: error })
    throw error
  }
}

function planOf(elf: ElfFile): ObjectPlan {
  const license = readLicense(elf)
  const btfBytes = findSection(elf, '.BTF')?.bytes
  const btf = btfBytes && parseBtf(btfBytes)
  const relocations = readRelocations(elf)
  const functions = readFunctions(elf, relocations)
  const maps = readMapDefinitions(elf, btf)
  const constants = readConstantSymbols(elf)
  const ext = readBtfExt(elf, btf)
  const mapsByOffset = new Map(maps.map((map) => [map.offset, map]))
  const programs = planPrograms({ elf, functions, maps: mapsByOffset, constants }, ext)
  checkUniqueNames(programs)
  const plan = {
    license,
    programs,
    maps: maps.map((map) => map.plan),
    data: readData(elf, programs),
    constants: usedConstants(constants, programs),
  }
  return btf === undefined || btfBytes === undefined
    ? plan
    : { ...plan, btf: completeBtf(elf, btf, btfBytes) }
}

function planPrograms(input: LinkInput, ext: BtfExt | undefined): ProgramPlan[] {
  const programs: ProgramPlan[] = []
  let bytes = 0
  for (const [section, functions] of input.functions) {
    if (section.name === subprogramSection) continue
    for (const main of functions.values()) {
      const program = planProgram(main, input, ext)
      bytes +=
        program.insns.length + (program.btf?.funcInfo.length ?? 0) + (program.btf?.lineInfo.length ?? 0)
      if (bytes > maxProgramBytes)
        throw new ElfError(
          `program ${main.name}: with it the programs have more than ${maxProgramBytes} bytes`,
        )
      programs.push(program)
    }
  }
  return programs
}

function planProgram(main: BpfFunction, input: LinkInput, ext: BtfExt | undefined): ProgramPlan {
  const { placements, ...linked } = linkProgram(main, input)
  const btf = ext && programBtf(ext, placements)
  const section = main.section.name
  const plan = { name: main.name, section, ...programSectionKind(section), ...linked }
  return btf === undefined ? plan : { ...plan, btf }
}

function checkUniqueNames(programs: readonly ProgramPlan[]): void {
  const names = new Set<string>()
  for (const { name } of programs) {
    if (names.has(name)) throw new ElfError(`program ${name} is there twice`)
    names.add(name)
  }
  if (names.size === 0)
    throw new ElfError('the object has no program', { hint: 'programs need a SEC("tc") or the like' })
}

function readLicense(elf: ElfFile): string {
  const bytes = findSection(elf, 'license')?.bytes
  const end = bytes?.indexOf(0) ?? -1
  if (bytes === undefined || end <= 0 || end > 127)
    throw new ElfError('section license is missing or no text')
  return bytes.toString('latin1', 0, end)
}

function readBtfExt(elf: ElfFile, btf: Btf | undefined): BtfExt | undefined {
  const section = findSection(elf, '.BTF.ext')
  return section === undefined || btf === undefined ? undefined : parseBtfExt(section.bytes, btf)
}

/** Sorted by name. A symbol that no program reads is no slot. */
function usedConstants(
  symbols: ReadonlyMap<string, ConstantSymbol>,
  programs: readonly ProgramPlan[],
): ConstantPlan[] {
  const used = new Set(programs.flatMap(({ constantSlots }) => constantSlots.map(({ constant }) => constant)))
  const byName = new Map([...symbols.values()].map(({ constant }) => [constant.name, constant]))
  return [...byName.values()].filter(({ name }) => used.has(name)).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Only sections that a program reads: others would be maps for nobody. */
function readData(elf: ElfFile, programs: readonly ProgramPlan[]): DataPlan[] {
  const used = new Set(programs.flatMap(({ dataSlots }) => dataSlots.map(({ section }) => section)))
  return [...used].map((section) => ({ section, bytes: findSection(elf, section)?.bytes ?? Buffer.alloc(0) }))
}

function findSection(elf: ElfFile, name: string): ElfSection | undefined {
  return elf.sections.find((section) => section.name === name)
}
