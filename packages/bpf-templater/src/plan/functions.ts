import type { ElfFile, ElfSection } from '../elf/elf-file.ts'
import type { Relocation } from '../elf/relocations.ts'
import { ElfError } from '../errors.ts'
import { Instructions, instructionSize } from './instructions.ts'

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

/** All functions by section, in the order of their offsets. Throws ElfError when they do not fill their section. */
export function readFunctions(
  elf: ElfFile,
  relocations: ReadonlyMap<ElfSection, ReadonlyMap<number, Relocation>>,
): ReadonlyMap<ElfSection, readonly BpfFunction[]> {
  const bySection = new Map<ElfSection, BpfFunction[]>()
  for (const section of elf.sections) {
    if (!section.executable || section.bytes.length === 0) continue
    const functions = elf.symbols
      .filter((symbol) => symbol.type === 'func' && symbol.section === section.index)
      .sort((a, b) => a.value - b.value)
      .map((symbol): BpfFunction => {
        const { name, value, size } = symbol
        if (value % instructionSize !== 0 || size % instructionSize !== 0 || size === 0) {
          throw new ElfError(`function ${name}: ${size} bytes at ${value} are no whole instructions`)
        }
        if (value + size > section.bytes.length) {
          throw new ElfError(`function ${name} reaches beyond the end of section ${section.name}`)
        }
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
    bySection.set(section, functions)
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
