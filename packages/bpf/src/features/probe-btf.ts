/** `struct btf_header` of linux/btf.h, without types and strings. */
const headerLength = 24
const magic = 0xeb9f
const version = 1
const kinds = { int: 1, pointer: 2, struct: 4, func: 12, funcProto: 13, variable: 14, datasec: 15 } as const

/** Types and names as the kernel takes them; ids count from 1 in the order of `types`. */
class BtfBuilder {
  readonly #types: Buffer[] = []
  #strings = '\0'

  /** Returns the type's id. `words` follow its `struct btf_type`. */
  add(
    kind: keyof typeof kinds,
    {
      name = '',
      size = 0,
      count = 0,
      words = [],
    }: {
      name?: string
      /** Or the id of the type that it refers to. */
      size?: number
      /** `vlen`: members, parameters, or the linkage of a function. */
      count?: number
      words?: readonly number[]
    },
  ): number {
    const nameOffset = name === '' ? 0 : this.text(name)
    this.#types.push(u32s([nameOffset, (kinds[kind] << 24) | count, size, ...words]))
    return this.#types.length
  }

  /** The offset of a string. */
  text(text: string): number {
    const offset = this.#strings.length
    this.#strings += `${text}\0`
    return offset
  }

  build(): Buffer {
    const types = Buffer.concat(this.#types)
    const strings = Buffer.from(this.#strings)
    const start = u32s([(version << 16) | magic, headerLength, 0, types.length, types.length, strings.length])
    return Buffer.concat([start, types, strings])
  }
}

/** A signed 32-bit integer: its word is encoding and bits. */
const int32 = { name: 'int', size: 4, words: [(1 << 24) | 32] } as const
const globalLinkage = 1

/** BTF with a variable in a data section, as objects with constant data or maps have it. */
export function dataSectionBtf(): Buffer {
  const btf = new BtfBuilder()
  const int = btf.add('int', int32)
  const variable = btf.add('variable', { name: 'value', size: int, words: [globalLinkage] })
  btf.add('datasec', { name: '.data', size: 4, count: 1, words: [variable, 0, 4] })
  return btf.build()
}

/**
 * BTF of a program `int main(void)` and of a global function `int read(struct __sk_buff *ctx, struct box *box)`, and the
 * ids and names that function and line records need.
 */
export function globalFunctionBtf(): {
  bytes: Buffer
  main: number
  read: number
  file: number
  line: number
} {
  const btf = new BtfBuilder()
  const int = btf.add('int', int32)
  const pointerTo = (name: string, member: string) => {
    const struct = btf.add('struct', { name, size: 4, count: 1, words: [btf.text(member), int, 0] })
    return btf.add('pointer', { size: struct })
  }
  // The kernel knows the context by the name of its type.
  const ctx = pointerTo('__sk_buff', 'len')
  const box = pointerTo('box', 'value')
  const mainType = btf.add('funcProto', { size: int })
  const parameters = [btf.text('ctx'), ctx, btf.text('box'), box]
  const readType = btf.add('funcProto', { size: int, count: 2, words: parameters })
  const main = btf.add('func', { name: 'main', size: mainType, count: globalLinkage })
  const read = btf.add('func', { name: 'read', size: readType, count: globalLinkage })
  const file = btf.text('probe.c')
  const line = btf.text('return box ? box->value : ctx->mark;')
  return { bytes: btf.build(), main, read, file, line }
}

/** Little-endian, as all that is given to the kernel here. */
export function u32s(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4)
  return bytes
}
