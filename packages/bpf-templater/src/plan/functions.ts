import type { ElfFile, ElfSection } from '../elf/elf-file.ts'
import type { Relocation } from '../elf/relocations.ts'
import { ElfError } from '../errors.ts'
import { Instructions, instructionSize } from './instructions.ts'
import { checkName } from './names.ts'

/** Where functions that only others call are. Everything in other executable sections is a program. */
export const subprogramSection = '.text'

/** One function of an executable section. Offsets are in instructions from the start of the section. */
export type BpfFunction = Readonly<{
  name: string
  section: ElfSection
  start: number
  length: number
  insns: Instructions
  /** By index of the instruction in the section. */
  relocations: ReadonlyMap<number, Relocation>
}>

/** Functions by section and by where they start, in that order. */
export type FunctionTable = ReadonlyMap<ElfSection, ReadonlyMap<number, BpfFunction>>

/** All functions of an object. Throws ElfError when they do not fill their section. */
export function readFunctions(
  elf: ElfFile,
  relocations: ReadonlyMap<ElfSection, ReadonlyMap<number, Relocation>>,
): FunctionTable {
  const bySection = new Map<ElfSection, ReadonlyMap<number, BpfFunction>>()
  const symbols = Map.groupBy(
    elf.symbols.filter(({ type }) => type === 'func'),
    ({ section }) => section,
  )
  for (const section of elf.sections) {
    if (!section.executable || section.bytes.length === 0) continue
    const functions = (symbols.get(section.index) ?? [])
      .sort((a, b) => a.value - b.value)
      .map((symbol): BpfFunction => {
        const { name, value, size } = symbol
        if (value % instructionSize !== 0 || size % instructionSize !== 0 || size === 0) {
          throw new ElfError(`function ${name}: ${size} bytes at ${value} are no whole instructions`)
        }
        if (value + size > section.bytes.length) {
          throw new ElfError(`function ${name} reaches beyond the end of section ${section.name}`)
        }
        checkName('function', name)
        if (symbol.binding === 'local' && section.name !== subprogramSection) {
          throw new ElfError(`function ${name} in ${section.name}: a program cannot be static`)
        }
        return {
          name,
          section,
          start: value / instructionSize,
          length: size / instructionSize,
          insns: new Instructions(section.bytes.subarray(value, value + size)),
          relocations: relocations.get(section) ?? new Map(),
        }
      })
    checkCoverage(section, functions)
    bySection.set(section, new Map(functions.map((fn) => [fn.start, fn])))
  }
  return bySection
}

function checkCoverage(section: ElfSection, functions: readonly BpfFunction[]): void {
  let end = 0
  for (const { name, start, length } of functions) {
    if (start !== end)
      throw new ElfError(`section ${section.name}: function ${name} starts at ${start}, not at ${end}`)
    end = start + length
  }
  if (end * instructionSize !== section.bytes.length) {
    throw new ElfError(`section ${section.name}: instructions behind its last function`)
  }
}
