import { ElfError } from '../errors.ts'
import type { ElfFile, ElfSection, ElfSymbol } from './elf-file.ts'

/** What each section defines, by the section's index and the name. */
export type Definitions = ReadonlyMap<number, ReadonlyMap<string, ElfSymbol>>

/** Objects and functions; not the symbols of sections and files. Throws ElfError for two of a name in one section. */
export function readDefinitions(elf: ElfFile): Definitions {
  const bySection = new Map<number, Map<string, ElfSymbol>>()
  for (const symbol of elf.symbols) {
    const { name, section, type } = symbol
    if (type !== 'object' && type !== 'func') continue
    const symbols = bySection.get(section) ?? new Map<string, ElfSymbol>()
    if (symbols.has(name))
      throw new ElfError(`symbol ${name} is there twice in section ${elf.sections[section]?.name ?? section}`)
    bySection.set(section, symbols.set(name, symbol))
  }
  return bySection
}

/** The symbol for a variable that BTF describes. Throws ElfError when the section has none of that name. */
export function definitionOf(definitions: Definitions, section: ElfSection, name: string): ElfSymbol {
  const symbol = definitions.get(section.index)?.get(name)
  if (symbol === undefined) throw new ElfError(`variable ${name} has no symbol in section ${section.name}`)
  return symbol
}
