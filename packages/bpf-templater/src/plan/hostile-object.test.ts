import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileBpf, temporaryDirectory } from '@axoneme/bpf/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { type ElfSection, parseElf } from '../elf/elf-file.ts'
import { ElfError } from '../errors.ts'
import { parseObject } from './parse-object.ts'

const source = join(import.meta.dirname, '../../testdata/sample.c')

let sample: Buffer
beforeAll(() => {
  sample = compileBpf(source)
})

/** Views of an object through which it is changed in place. */
class Editor {
  readonly bytes: Buffer
  readonly #elf: ReturnType<typeof parseElf>

  constructor(bytes: Buffer) {
    this.bytes = Buffer.from(bytes)
    this.#elf = parseElf(this.bytes)
  }

  section(name: string): Buffer {
    return this.#sectionOf(name).bytes
  }

  index(name: string): number {
    return this.#sectionOf(name).index
  }

  #sectionOf(name: string): ElfSection {
    const section = this.#elf.sections.find((candidate) => candidate.name === name)
    if (section === undefined) throw new Error(`no section ${name}`)
    return section
  }

  /** The header of a section: name at 0, type at 4, size at 32, link at 40. */
  header(name: string): Buffer {
    const start = Number(this.bytes.readBigUInt64LE(40)) + this.index(name) * 64
    return this.bytes.subarray(start, start + 64)
  }

  /** Name at 0, section at 6, value at 8. */
  symbol(name: string): Buffer {
    const index = this.#elf.symbols.findIndex((symbol) => symbol.name === name)
    return this.section('.symtab').subarray(index * 24, index * 24 + 24)
  }

  /** Puts text in the place of a name of the same length, in the symbols and in the BTF. */
  rename(from: string, to: string): void {
    for (const table of [this.section('.strtab'), this.section('.BTF')]) {
      const at = table.indexOf(`\0${from}\0`)
      if (at !== -1) table.write(to, at + 1, from.length)
    }
  }

  /** The first instruction of a section with this opcode, of a load one that has a relocation or not. */
  instruction(section: string, opcode: number): Buffer {
    const code = this.section(section)
    for (let at = 0; at < code.length; at += 8) if (code[at] === opcode) return code.subarray(at, at + 8)
    throw new Error(`no ${opcode} in ${section}`)
  }

  /** The record of a type of the BTF: name at 0, info at 4, then what its kind has. */
  type(kind: number, name: string): Buffer {
    const btf = this.section('.BTF')
    const strings = btf.subarray(24 + btf.readUInt32LE(16))
    const nameAt = Buffer.alloc(4)
    nameAt.writeUInt32LE(strings.indexOf(`\0${name}\0`) + 1)
    for (let at = btf.indexOf(nameAt, 24); at !== -1; at = btf.indexOf(nameAt, at + 1))
      if (at % 4 === 0 && btf[at + 7] === kind) return btf.subarray(at)
    throw new Error(`no type ${name}`)
  }
}

const kindStruct = 4
const kindDatasec = 15

describe('parseObject refuses what a fuzzer made', () => {
  const edits: [string, (object: Editor) => void, string | RegExp][] = [
    [
      'a load of a map by its descriptor',
      (object) => object.instruction('tc/main', 0x18).writeUInt8(0x11, 1),
      /function main_program: instruction \d+ loads a kernel object by its number/,
    ],
    [
      'a call of an unknown kind',
      (object) => object.instruction('tc/main', 0x85).writeUInt8(0xf0, 1),
      /function main_program: instruction \d+ is a call of unknown kind 15/,
    ],
    [
      'names that write on a terminal',
      (object) => object.rename('main_program', '\u001b[2J_program'),
      /its name at \d+ has control characters/,
    ],
    [
      'a program whose name is a path',
      (object) => object.rename('plain_program', '../../program'),
      'function "../../program": its name is no name of C',
    ],
    [
      'a program without a name',
      (object) => object.symbol('plain_program').writeUInt32LE(0, 0),
      'function "": its name is no name of C',
    ],
    [
      'a map whose name is a path',
      (object) => object.rename('events', '../../'),
      'map "../../": its name is no name of C',
    ],
    [
      'two sections of a name',
      (object) => object.header('.rodata').copy(object.header('license'), 0, 0, 4),
      'section .rodata is there twice',
    ],
    [
      'sections that overlap',
      (object) => {
        for (const name of ['.debug_info', '.debug_str']) {
          object.header(name).writeUInt32LE(0, 24)
          object.header(name).writeUInt32LE(object.bytes.length, 32)
        }
      },
      /the sections overlap: \d+ bytes in a file of \d+/,
    ],
    [
      'a symbol in a section that is not there',
      (object) => object.symbol('seen').writeUInt16LE(999, 6),
      /symbol seen: it is in section 999 of \d+/,
    ],
    [
      'relocations against symbols that are none',
      (object) => object.header('.reltc/main').writeUInt32LE(object.index('license'), 40),
      /section .reltc\/main: its symbols are in section \d+, which is no symbol table/,
    ],
    [
      'a map that is there twice',
      (object) => {
        const datasec = object.type(kindDatasec, '.maps')
        datasec.copy(datasec, 24, 12, 16)
      },
      /map \w+ is there twice/,
    ],
    [
      'a member that is there twice',
      (object) => {
        const btf = object.section('.BTF')
        const table = object.type(kindStruct, '')
        expect(btf.includes('max_entries')).toBe(true)
        table.copy(table, 24, 12, 16)
      },
      /map \w+: member \w+ is there twice/,
    ],
    [
      'variables that lie over each other',
      (object) => object.symbol('events').writeBigUInt64LE(object.symbol('calls').readBigUInt64LE(8), 8),
      'section .maps of 96 bytes: BTF has a variable of',
    ],
    [
      'a variable beyond its section',
      (object) => object.type(kindDatasec, '.rodata').writeUInt32LE(17, 20),
      'section .rodata of 16 bytes: BTF has a variable of 17 bytes at 0',
    ],
    [
      'line records that do not rise',
      (object) => lineRecord(object, 1).writeUInt32LE(0, 0),
      /section .BTF.ext: lines of section \S+: offset 0 comes after 0/,
    ],
    [
      'a line record inside of an instruction',
      (object) => lineRecord(object, 1).writeUInt32LE(4, 0),
      /section .BTF.ext: lines of section \S+: offset 4 is inside of an instruction/,
    ],
    [
      'a function record inside of a function',
      (object) => object.section('.BTF.ext').writeUInt32LE(8, 32 + 4 + 8),
      /function \w+: .BTF.ext describes a function inside of it/,
    ],
  ]
  it.each(edits)('%s', (_name, edit, message) => {
    const object = new Editor(sample)
    edit(object)
    expect(() => parseObject(object.bytes)).toThrow(ElfError)
    expect(() => parseObject(object.bytes)).toThrow(message)
  })

  it('a file that is too large', () => {
    const bytes = Buffer.concat([sample, Buffer.alloc(16 * 1024 * 1024)])
    expect(() => parseObject(bytes)).toThrow(/the object of \d+ bytes is larger than 16777216/)
  })

  it('more symbols than 16 bits count', () => {
    const object = new Editor(Buffer.concat([sample, Buffer.alloc(65537 * 24)]))
    object.header('.symtab').writeUInt32LE(sample.length, 24)
    object.header('.symtab').writeUInt32LE(65537 * 24, 32)
    expect(() => parseObject(object.bytes)).toThrow('65537 symbols, more than 65536')
  })

  it('a data section whose size BTF cannot say', () => {
    const object = new Editor(compileText('int zeroed; SEC("tc") int program(void *context) { return 0; }'))
    object.header('.bss').writeBigUInt64LE(1n << 40n, 32)
    expect(() => parseObject(object.bytes)).toThrow(`section .bss has ${2 ** 40} bytes`)
  })

  it('programs that are too large together, as each has its own copy of a function', () => {
    const programs = Array.from(
      { length: 90 },
      (_, index) =>
        `SEC("tc/${index}") int program_${index}(struct __sk_buff *skb) { return large() + skb->mark; }`,
    )
    const object = compileText(`
      static __attribute__((noinline)) int large(void)
      {
        int result = 0;
        asm volatile(".rept 50000\\n%0 = %0\\n.endr" : "+r"(result));
        return result;
      }
      ${programs.join('\n')}`)
    expect(object.length).toBeLessThan(1024 * 1024)
    expect(() => parseObject(object)).toThrow(
      /program program_\d+: with it the programs have more than \d+ bytes/,
    )
  })

  it('a program of more functions than the kernel takes', () => {
    const chain = Array.from(
      { length: 257 },
      (_, index) =>
        `static __attribute__((noinline)) int f${index}(int x) { asm volatile(""); return f${index + 1}(x) + 1; }`,
    )
    const object = compileText(`
      static __attribute__((noinline)) int f257(int x) { asm volatile(""); return x; }
      ${chain.toReversed().join('\n')}
      SEC("tc") int program(struct __sk_buff *skb) { return f0(skb->mark); }`)
    expect(() => parseObject(object)).toThrow('a program of more than 256 functions')
  })
})

function compileText(text: string): Buffer {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'source.c')
  writeFileSync(
    path,
    `#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n${text}\nchar _license[] SEC("license") = "GPL";`,
  )
  return compileBpf(path)
}

/** Of the first section that .BTF.ext has lines of. */
function lineRecord(object: Editor, index: number): Buffer {
  const ext = object.section('.BTF.ext')
  return ext.subarray(ext.readUInt32LE(4) + ext.readUInt32LE(16) + 4 + 8 + index * 16)
}
