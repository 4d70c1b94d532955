/** A section of an object that is written by hand. `link` and `info` are section numbers, counted from 1. */
export type WrittenSection = Readonly<{
  name: string
  type: number
  flags?: number
  link?: number
  info?: number
  bytes: Buffer
}>

/** `section` is the number of a section, counted from 1; 0 is "undefined". */
export type WrittenSymbol = Readonly<{
  name: string
  section: number
  /** Binding in the high four bits, type in the low ones, as in elf(5). */
  info: number
  value?: number
  size?: number
}>

export const sectionType = { progbits: 1, symtab: 2, strtab: 3, rel: 9 } as const
export const sectionFlag = { write: 1, alloc: 2, executable: 4 } as const
export const symbolInfo = {
  globalFunction: 0x12,
  localFunction: 0x02,
  globalObject: 0x11,
  constant: 0x10,
  section: 0x03,
} as const

const headerSize = 64
const sectionHeaderSize = 64
const symbolSize = 24

/**
 * A relocatable BPF object of these sections, with a symbol table (number `sections.length + 1`) and one string table
 * behind them. Small on purpose: nothing is in it that the loader does not read.
 */
export function writeObject(sections: readonly WrittenSection[], symbols: readonly WrittenSymbol[]): Buffer {
  const strings = new StringTable()
  const stringTable = sections.length + 2
  const all: WrittenSection[] = [
    ...sections,
    {
      name: '.symtab',
      type: sectionType.symtab,
      link: stringTable,
      bytes: writeSymbols(symbols, strings),
    },
  ]
  const names = [...all.map(({ name }) => strings.add(name)), strings.add('.strtab')]
  all.push({ name: '.strtab', type: sectionType.strtab, bytes: strings.bytes() })
  const headers = Buffer.alloc((all.length + 1) * sectionHeaderSize)
  let offset = headerSize
  const contents = all.map((section, index) => {
    writeSectionHeader(headers, (index + 1) * sectionHeaderSize, {
      ...section,
      nameAt: names[index]!,
      offset,
    })
    const padded = Buffer.concat([section.bytes, Buffer.alloc(-section.bytes.length & 7)])
    offset += padded.length
    return padded
  })
  return Buffer.concat([writeHeader(offset, all.length + 1), ...contents, headers])
}

function writeHeader(sectionHeadersAt: number, sectionCount: number): Buffer {
  const header = Buffer.alloc(headerSize)
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  header.writeUInt16LE(1, 16)
  header.writeUInt16LE(247, 18)
  header.writeUInt32LE(1, 20)
  header.writeUInt32LE(sectionHeadersAt, 40)
  header.writeUInt16LE(headerSize, 52)
  header.writeUInt16LE(sectionHeaderSize, 58)
  header.writeUInt16LE(sectionCount, 60)
  header.writeUInt16LE(sectionCount - 1, 62)
  return header
}

function writeSectionHeader(
  headers: Buffer,
  at: number,
  {
    nameAt,
    offset,
    type,
    flags = 0,
    link = 0,
    info = 0,
    bytes,
  }: WrittenSection & { nameAt: number; offset: number },
): void {
  headers.writeUInt32LE(nameAt, at)
  headers.writeUInt32LE(type, at + 4)
  headers.writeUInt32LE(flags, at + 8)
  headers.writeUInt32LE(offset, at + 24)
  headers.writeUInt32LE(bytes.length, at + 32)
  headers.writeUInt32LE(link, at + 40)
  headers.writeUInt32LE(info, at + 44)
  headers.writeUInt32LE(8, at + 48)
}

function writeSymbols(symbols: readonly WrittenSymbol[], strings: StringTable): Buffer {
  const table = Buffer.alloc((symbols.length + 1) * symbolSize)
  symbols.forEach(({ name, section, info, value = 0, size = 0 }, index) => {
    const at = (index + 1) * symbolSize
    table.writeUInt32LE(strings.add(name), at)
    table.writeUInt8(info, at + 4)
    table.writeUInt16LE(section, at + 6)
    table.writeUInt32LE(value, at + 8)
    table.writeUInt32LE(size, at + 16)
  })
  return table
}

/** NUL-terminated strings behind each other, the empty one first. */
export class StringTable {
  readonly #offsets = new Map([['', 0]])
  #length = 1

  add(text: string): number {
    const known = this.#offsets.get(text)
    if (known !== undefined) return known
    const offset = this.#length
    this.#offsets.set(text, offset)
    this.#length += Buffer.byteLength(text) + 1
    return offset
  }

  bytes(): Buffer {
    return Buffer.from(`${[...this.#offsets.keys()].join('\0')}\0`)
  }
}

/** Entries of a section of relocations (type `rel`). Symbols count from 1, in the order in which they are written. */
export function writeRelocations(
  entries: readonly Readonly<{ insn: number; type: 'immediate' | 'call'; symbol: number }>[],
): Buffer {
  const table = Buffer.alloc(entries.length * 16)
  entries.forEach(({ insn, type, symbol }, index) => {
    table.writeUInt32LE(insn * 8, index * 16)
    table.writeUInt32LE(type === 'call' ? 10 : 1, index * 16 + 8)
    table.writeUInt32LE(symbol, index * 16 + 12)
  })
  return table
}
