import { StringTable } from './object-writer.ts'

const magic = 0xeb9f
const headerSize = 24
const extHeaderSize = 32

/** Kind numbers of linux/btf.h. */
const kindNumbers = {
  int: 1,
  ptr: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  fwd: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  func: 12,
  func_proto: 13,
  var: 14,
  datasec: 15,
  float: 16,
  decl_tag: 17,
  type_tag: 18,
  enum64: 19,
} as const

/** What follows the common part of a type: 32-bit words, where a text stands for its offset among the strings. */
type Words = readonly (number | string)[]

/** BTF that is written by hand, and the .BTF.ext that belongs to it. */
export class BtfWriter {
  readonly #strings = new StringTable()
  readonly #types: Buffer[] = []

  /** Returns the id. `word` is the size or the type behind it, `vlen` the number of records in `words`. */
  add(
    kind: keyof typeof kindNumbers,
    {
      name = '',
      vlen = 0,
      flag = false,
      word = 0,
      words = [],
    }: {
      name?: string
      vlen?: number
      flag?: boolean
      word?: number
      words?: Words
    } = {},
  ): number {
    const info = ((flag ? 0x80000000 : 0) | (kindNumbers[kind] << 24) | vlen) >>> 0
    this.#types.push(this.#words([name, info, word, ...words]))
    return this.#types.length
  }

  bytes(): Buffer {
    const types = Buffer.concat(this.#types)
    const strings = this.#strings.bytes()
    const header = this.#words([0, headerSize, 0, types.length, types.length, strings.length])
    return Buffer.concat([signed(header), types, strings])
  }

  /** .BTF.ext with the records of one section. Strings it adds are only there when `bytes` is called later. */
  ext(
    section: string,
    { functions, lines }: { functions: readonly Words[]; lines: readonly Words[] },
  ): Buffer {
    const table = (records: readonly Words[]) =>
      this.#words([records[0]!.length * 4, section, records.length, ...records.flat()])
    const first = table(functions)
    const second = table(lines)
    const end = first.length + second.length
    const header = this.#words([0, extHeaderSize, 0, first.length, first.length, second.length, end, 0])
    return Buffer.concat([signed(header), first, second])
  }

  #words(words: Words): Buffer {
    const bytes = Buffer.alloc(words.length * 4)
    words.forEach((word, index) => {
      bytes.writeUInt32LE(typeof word === 'number' ? word : this.#strings.add(word), index * 4)
    })
    return bytes
  }
}

function signed(header: Buffer): Buffer {
  header.writeUInt16LE(magic, 0)
  header.writeUInt8(1, 2)
  return header
}
