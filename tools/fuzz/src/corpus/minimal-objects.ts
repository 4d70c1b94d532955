import { BtfWriter } from './btf-writer.ts'
import {
  sectionFlag,
  sectionType,
  symbolInfo,
  type WrittenSection,
  writeObject,
  writeRelocations,
} from './object-writer.ts'

const executable = sectionFlag.alloc | sectionFlag.executable
const license: WrittenSection = {
  name: 'license',
  type: sectionType.progbits,
  flags: sectionFlag.alloc,
  bytes: Buffer.from('GPL\0'),
}

/** Instructions of linux/bpf.h as 64-bit words. */
const load = [0x18n | (1n << 8n), 0n]
const call = 0x85n | (1n << 12n) | (0xffffffffn << 32n)
const move = 0xb7n
const exit = 0x95n

function code(...instructions: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(instructions.length * 8)
  instructions.forEach((instruction, index) => {
    bytes.writeBigUInt64LE(instruction, index * 8)
  })
  return bytes
}

function program(name: string, bytes: Buffer): WrittenSection {
  return { name, type: sectionType.progbits, flags: executable, bytes }
}

/** Objects of a few hundred bytes, each about one thing that the parser handles: they run many times faster. */
export function minimalObjects(): ReadonlyMap<string, Buffer> {
  return new Map([
    ['program', oneProgram()],
    ['constants', withConstants()],
    ['calls', withCalls()],
    ['rodata', withRodata()],
    ['maps', withMaps()],
    ['lines', withLines()],
    ['kinds', withEveryKind()],
  ])
}

function oneProgram(): Buffer {
  return writeObject(
    [program('tc', code(move, exit)), license],
    [{ name: 'f', section: 1, info: symbolInfo.globalFunction, size: 16 }],
  )
}

/** A number, an address in two words and a MAC address. */
function withConstants(): Buffer {
  const constants = ['EP_ID.u16', 'EP_IPV6.be128.0', 'EP_IPV6.be128.1', 'POD_MAC.be48']
  const relocations = constants.map((_, index) => ({
    insn: index * 2,
    type: 'immediate' as const,
    symbol: index + 2,
  }))
  const bytes = code(...constants.flatMap(() => load), exit)
  return writeObject(
    [
      program('tc', bytes),
      license,
      { name: '.reltc', type: sectionType.rel, link: 4, info: 1, bytes: writeRelocations(relocations) },
    ],
    [
      { name: 'f', section: 1, info: symbolInfo.globalFunction, size: bytes.length },
      ...constants.map((name) => ({ name, section: 0, info: symbolInfo.constant })),
    ],
  )
}

/** Two programs, one of which calls a static function, which calls another; an address of one. */
function withCalls(): Buffer {
  const programRelocations = writeRelocations([
    { insn: 0, type: 'immediate', symbol: 1 },
    { insn: 2, type: 'call', symbol: 1 },
  ])
  const textRelocations = writeRelocations([{ insn: 0, type: 'call', symbol: 5 }])
  return writeObject(
    [
      program('.text', code(call, exit, move, exit)),
      program('tc/a', code(...load, call, exit)),
      program('xdp', code(move, exit)),
      license,
      { name: '.rel.text', type: sectionType.rel, link: 7, info: 1, bytes: textRelocations },
      { name: '.reltc/a', type: sectionType.rel, link: 7, info: 2, bytes: programRelocations },
    ],
    [
      { name: '', section: 1, info: symbolInfo.section },
      { name: 'a', section: 2, info: symbolInfo.globalFunction, size: 32 },
      { name: 'b', section: 3, info: symbolInfo.globalFunction, size: 16 },
      { name: 'first', section: 1, info: symbolInfo.localFunction, size: 16 },
      { name: 'second', section: 1, info: symbolInfo.globalFunction, value: 16, size: 16 },
    ],
  )
}

function withRodata(): Buffer {
  return writeObject(
    [
      program('tc', code(...load, exit)),
      license,
      { name: '.rodata', type: sectionType.progbits, flags: sectionFlag.alloc, bytes: Buffer.alloc(16, 7) },
      {
        name: '.reltc',
        type: sectionType.rel,
        link: 5,
        info: 1,
        bytes: writeRelocations([{ insn: 0, type: 'immediate', symbol: 2 }]),
      },
    ],
    [
      { name: 'f', section: 1, info: symbolInfo.globalFunction, size: 24 },
      { name: 'table', section: 3, info: symbolInfo.globalObject, value: 8, size: 8 },
    ],
  )
}

/** A hash map described by types and a ring described by numbers. */
function withMaps(): Buffer {
  const btf = new BtfWriter()
  const int = btf.add('int', { name: 'int', word: 4, words: [0x01000020] })
  const number = (length: number) => btf.add('ptr', { word: btf.add('array', { words: [int, int, length] }) })
  const [hash, ring, size] = [number(1), number(27), number(4096)]
  const pointer = btf.add('ptr', { word: btf.add('typedef', { name: '__u32', word: int }) })
  const table = btf.add('struct', {
    word: 32,
    vlen: 4,
    words: ['type', hash, 0, 'key', pointer, 64, 'value', pointer, 128, 'max_entries', size, 192],
  })
  const events = btf.add('struct', { word: 16, vlen: 2, words: ['type', ring, 0, 'max_entries', size, 64] })
  const first = btf.add('var', { name: 'table', word: table, words: [1] })
  const second = btf.add('var', { name: 'events', word: events, words: [1] })
  btf.add('datasec', { name: '.maps', vlen: 2, words: [first, 0, 32, second, 0, 16] })
  return writeObject(
    [
      program('tc', code(...load, ...load, exit)),
      license,
      { name: '.maps', type: sectionType.progbits, flags: sectionFlag.alloc, bytes: Buffer.alloc(48) },
      { name: '.BTF', type: sectionType.progbits, bytes: btf.bytes() },
      {
        name: '.reltc',
        type: sectionType.rel,
        link: 6,
        info: 1,
        bytes: writeRelocations([
          { insn: 0, type: 'immediate', symbol: 2 },
          { insn: 2, type: 'immediate', symbol: 3 },
        ]),
      },
    ],
    [
      { name: 'f', section: 1, info: symbolInfo.globalFunction, size: 40 },
      { name: 'table', section: 3, info: symbolInfo.globalObject, size: 32 },
      { name: 'events', section: 3, info: symbolInfo.globalObject, value: 32, size: 16 },
    ],
  )
}

/** Function and line information of two functions. */
function withLines(): Buffer {
  const btf = new BtfWriter()
  const int = btf.add('int', { name: 'int', word: 4, words: [0x01000020] })
  const prototype = btf.add('func_proto', { vlen: 1, word: int, words: ['skb', int] })
  const f = btf.add('func', { name: 'f', vlen: 1, word: prototype })
  const g = btf.add('func', { name: 'g', vlen: 1, word: prototype })
  const line = (offset: number, number: number) => [offset, 'a.c', 'return 0;', number << 10]
  const ext = btf.ext('tc', {
    functions: [
      [0, f],
      [16, g],
    ],
    lines: [line(0, 1), line(8, 2), line(16, 3), line(24, 4)],
  })
  return writeObject(
    [
      program('tc', code(move, exit, move, exit)),
      license,
      { name: '.BTF', type: sectionType.progbits, bytes: btf.bytes() },
      { name: '.BTF.ext', type: sectionType.progbits, bytes: ext },
    ],
    [
      { name: 'f', section: 1, info: symbolInfo.globalFunction, size: 16 },
      { name: 'g', section: 1, info: symbolInfo.globalFunction, value: 16, size: 16 },
    ],
  )
}

function withEveryKind(): Buffer {
  const btf = new BtfWriter()
  const int = btf.add('int', { name: 'int', word: 4, words: [0x01000020] })
  const qualified = (['volatile', 'const', 'restrict'] as const).reduce(
    (word, kind) => btf.add(kind, { word }),
    btf.add('ptr', { word: int }),
  )
  const tagged = btf.add('type_tag', { name: 'user', word: int })
  const array = btf.add('array', { words: [int, int, 4] })
  const inner = btf.add('struct', { name: 'inner', word: 4, vlen: 1, words: ['a', int, 0] })
  const bits = btf.add('struct', { name: 'bits', word: 4, vlen: 1, flag: true, words: ['b', int, 3 << 24] })
  const union = btf.add('union', { name: 'either', word: 8, vlen: 2, words: ['x', inner, 0, 'y', tagged, 0] })
  btf.add('struct', {
    name: 'outer',
    word: 28,
    vlen: 4,
    words: ['', inner, 0, 'bytes', array, 32, 'u', union, 160, 'b', bits, 192],
  })
  btf.add('enum', { name: 'colour', word: 4, vlen: 2, words: ['RED', 0, 'GREEN', 1] })
  btf.add('enum64', { name: 'wide', word: 8, vlen: 1, flag: true, words: ['FAR', 1, 0xffffffff] })
  btf.add('fwd', { name: 'elsewhere', flag: true })
  btf.add('float', { name: 'double', word: 8 })
  btf.add('typedef', { name: 'alias', word: qualified })
  const variable = btf.add('var', { name: 'table', word: array, words: [1] })
  btf.add('datasec', { name: '.rodata', vlen: 1, words: [variable, 0, 16] })
  btf.add('decl_tag', { name: 'tag', word: variable, words: [0xffffffff] })
  return writeObject(
    [
      program('tc', code(move, exit)),
      license,
      { name: '.rodata', type: sectionType.progbits, flags: sectionFlag.alloc, bytes: Buffer.alloc(16) },
      { name: '.BTF', type: sectionType.progbits, bytes: btf.bytes() },
    ],
    [
      { name: 'f', section: 1, info: symbolInfo.globalFunction, size: 16 },
      { name: 'table', section: 3, info: symbolInfo.globalObject, size: 16 },
    ],
  )
}
