import { type ElfFile, undefinedSection } from '../elf/elf-file.ts'
import { ElfError } from '../errors.ts'
import type { ConstantPlan } from './object-plan.ts'

/** What a symbol stands for: a constant of up to 64 bits, or eight of the bytes of a longer one. */
export type ConstantSymbol = Readonly<{
  constant: ConstantPlan
  /** Which 64 bits of the constant as it lies in memory: 0 or 1. */
  word: number
}>

/** EP_ID.u16, EP_IPV6.be128.0: name, order (`u` is the host's), bits, word; made by bpf-programs/c/lib/constants.h. */
const symbolPattern = /^([A-Za-z_]\w*)\.(u|be)(8|16|32|48|64|128)(?:\.([01]))?$/

/** How C declares it, without the name: `u16`, `be128`. */
export function formatName({ bits, order }: Pick<ConstantPlan, 'bits' | 'order'>): string {
  return `${order === 'host' ? 'u' : 'be'}${bits}`
}

/**
 * The constants of an object by symbol: those symbols that nothing defines and whose names say a width and an order.
 * Throws ElfError naming a constant that has two.
 */
export function readConstantSymbols(elf: ElfFile): ReadonlyMap<string, ConstantSymbol> {
  const symbols = new Map<string, ConstantSymbol>()
  const formats = new Map<string, string>()
  for (const { name, section, binding, type } of elf.symbols) {
    if (section !== undefinedSection || binding === 'local' || type !== 'notype') continue
    const symbol = parseSymbol(name)
    if (symbol === undefined) continue
    const format = formatName(symbol.constant)
    const other = formats.get(symbol.constant.name) ?? format
    if (other !== format)
      throw new ElfError(`constant ${symbol.constant.name} is declared as ${other} and as ${format}`)
    formats.set(symbol.constant.name, format)
    symbols.set(name, symbol)
  }
  return symbols
}

function parseSymbol(symbol: string): ConstantSymbol | undefined {
  const [, name, order, bitsText, word] = symbolPattern.exec(symbol) ?? []
  if (name === undefined) return undefined
  const bits = Number(bitsText)
  const isInWords = bits > 64
  const isOrderless = bits === 8
  if (isInWords !== (word !== undefined) || (isOrderless && order === 'be')) return undefined
  return {
    constant: { name, bits, order: order === 'be' ? 'network' : 'host' },
    word: Number(word ?? 0),
  }
}
