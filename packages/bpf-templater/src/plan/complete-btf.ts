import { type Btf, type BtfDatasec, btfTypeAt } from '@axoneme/bpf'
import type { ElfFile, ElfSection } from '../elf/elf-file.ts'
import { ElfError } from '../errors.ts'

/**
 * The BTF as the kernel accepts it. The compiler leaves the sizes of data sections and the offsets of their variables
 * to the linker; they are in the section headers and the symbol table. Throws ElfError naming the variable.
 */
export function completeBtf(elf: ElfFile, btf: Btf, bytes: Buffer): Buffer {
  const completed = Buffer.from(bytes)
  for (const type of btf.types) {
    if (type.kind === 'datasec') completeSection(elf, { btf, datasec: type, bytes: completed })
    if (type.kind === 'var' && type.linkage === 'extern') throw describedExtern(type.name)
  }
  return completed
}

type Target = { btf: Btf; datasec: BtfDatasec; bytes: Buffer }

function completeSection(elf: ElfFile, { btf, datasec, bytes }: Target): void {
  const section = elf.sections.find(({ name }) => name === datasec.name)
  if (section === undefined)
    throw new ElfError(`BTF describes section ${datasec.name}, which is not there`, hintFor(datasec))
  const variables = datasec.variables.map(({ type, size }) => {
    const variable = btfTypeAt(btf, type)
    if (variable.kind !== 'var') throw new ElfError(`BTF of section ${datasec.name} lists a ${variable.kind}`)
    return { type, size, offset: offsetOf(elf, section, variable.name) }
  })
  variables.sort((a, b) => a.offset - b.offset)
  bytes.writeUInt32LE(section.size, datasec.at + 8)
  variables.forEach(({ type, size, offset }, index) => {
    const at = datasec.at + 12 + index * 12
    bytes.writeUInt32LE(type, at)
    bytes.writeUInt32LE(offset, at + 4)
    bytes.writeUInt32LE(size, at + 8)
  })
}

function offsetOf(elf: ElfFile, section: ElfSection, name: string): number {
  const symbol = elf.symbols.find(
    (candidate) => candidate.section === section.index && candidate.name === name,
  )
  if (symbol === undefined) throw new ElfError(`variable ${name} has no symbol in section ${section.name}`)
  if (symbol.value > 0xffffffff) throw new ElfError(`variable ${name} lies beyond section ${section.name}`)
  return symbol.value
}

function describedExtern(name: string): ElfError {
  return new ElfError(`extern ${name} is in the BTF, where the kernel takes no extern variables`, {
    hint: `declare a constant as extern char ${name} __attribute__((nodebug))`,
  })
}

function hintFor({ name }: BtfDatasec): { hint?: string } {
  return name === '.ksyms' || name === '.kconfig'
    ? { hint: 'kernel symbols and configuration are not supported' }
    : {}
}
