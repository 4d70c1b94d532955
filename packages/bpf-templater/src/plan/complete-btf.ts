import { type Btf, type BtfDatasec, btfTypeAt } from '@axoneme/bpf'
import { definitionOf, readDefinitions } from '../elf/definitions.ts'
import type { ElfFile, ElfSection } from '../elf/elf-file.ts'
import { ElfError } from '../errors.ts'

/**
 * The BTF as the kernel accepts it. The compiler leaves the sizes of data sections and the offsets of their variables
 * to the linker; they are in the section headers and the symbol table. Throws ElfError naming the variable.
 */
export function completeBtf(elf: ElfFile, btf: Btf, bytes: Buffer): Buffer {
  const completed = Buffer.from(bytes)
  const sections = new Map(elf.sections.map((section) => [section.name, section]))
  const definitions = readDefinitions(elf)
  for (const type of btf.types) {
    if (type.kind === 'var' && type.linkage === 'extern') throw describedExtern(type.name)
    if (type.kind !== 'datasec') continue
    const section = sections.get(type.name)
    if (section === undefined)
      throw new ElfError(`BTF describes section ${type.name}, which is not there`, hintFor(type))
    if (section.size > 0xffffffff) throw new ElfError(`section ${section.name} has ${section.size} bytes`)
    const variables = type.variables.map(({ type: id, size }) => ({
      type: id,
      size,
      offset: definitionOf(definitions, section, variableAt(btf, type, id)).value,
    }))
    variables.sort((a, b) => a.offset - b.offset)
    checkVariables(section, variables)
    writeSection(completed, type.at, { size: section.size, variables })
  }
  return completed
}

function variableAt(btf: Btf, datasec: BtfDatasec, id: number): string {
  const variable = btfTypeAt(btf, id)
  if (variable.kind !== 'var') throw new ElfError(`BTF of section ${datasec.name} lists a ${variable.kind}`)
  return variable.name
}

/** As btf_datasec_check_meta of the kernel wants them: inside of the section, and none over another. */
function checkVariables(section: ElfSection, variables: BtfDatasec['variables']): void {
  let end = 0
  for (const { offset, size } of variables) {
    if (offset < end || offset + size > section.size) {
      throw new ElfError(
        `section ${section.name} of ${section.size} bytes: BTF has a variable of ${size} bytes at ${offset}, behind ${end}`,
      )
    }
    end = offset + size
  }
}

function writeSection(
  bytes: Buffer,
  at: number,
  { size, variables }: Pick<BtfDatasec, 'size' | 'variables'>,
): void {
  bytes.writeUInt32LE(size, at + 8)
  variables.forEach((variable, index) => {
    const record = at + 12 + index * 12
    bytes.writeUInt32LE(variable.type, record)
    bytes.writeUInt32LE(variable.offset, record + 4)
    bytes.writeUInt32LE(variable.size, record + 8)
  })
}

function describedExtern(name: string): ElfError {
  return new ElfError(`extern ${name} is in the BTF, where the kernel takes no extern variables`, {
    hint: 'constants are declared with CONSTANT_U32(NAME) and the like of lib/constants.h',
  })
}

function hintFor({ name }: BtfDatasec): { hint?: string } {
  return name === '.ksyms' || name === '.kconfig'
    ? { hint: 'kernel symbols and configuration are not supported' }
    : {}
}
