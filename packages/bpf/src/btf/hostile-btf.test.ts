import { describe, expect, it } from 'vitest'
import { LayoutError } from '../errors.ts'
import { btfSizeOf } from './lookup.ts'
import { parseBtf } from './parse.ts'
import { structLayout } from './struct-layout.ts'
import type { Btf, BtfType } from './types.ts'

const int: BtfType = { kind: 'int', name: 'int', size: 4, bits: 32, encoding: 'signed' }
const array = (element: number, length: number): BtfType => ({
  kind: 'array',
  name: '',
  element,
  index: 1,
  length,
})
const struct = (name: string, members: readonly [string, number][]): BtfType => ({
  kind: 'struct',
  name,
  size: 4,
  members: members.map(([member, type]) => ({ name: member, type, bitOffset: 0, bitSize: 0 })),
})

function btfOf(...types: readonly BtfType[]): Btf {
  return { types: [{ kind: 'void', name: '' }, ...types], stringAt: () => '' }
}

describe('btfSizeOf', () => {
  it('refuses what 32 bits cannot say', () => {
    const btf = btfOf(int, array(1, 2 ** 30 - 1), array(2, 2), array(3, 2 ** 32 - 1))
    expect(btfSizeOf(btf, 2)).toBe(2 ** 32 - 4)
    expect(() => btfSizeOf(btf, 3)).toThrow('BTF type 3 has 8589934584 bytes')
    expect(() => btfSizeOf(btf, 4)).toThrow('BTF type 4')
  })

  it('ends where arrays hold each other', () => {
    expect(() => btfSizeOf(btfOf(int, array(3, 2), array(2, 2)), 2)).toThrow('refers to itself')
  })
})

describe('structLayout', () => {
  it('takes names of members for nothing but names', () => {
    const { fields } = structLayout(btfOf(int, struct('s', [['__proto__', 1]])), 's')
    expect(Object.getPrototypeOf(fields)).toBe(Object.prototype)
    expect(Object.keys(fields)).toEqual(['__proto__'])
    const anonymous = btfOf(int, struct('', [['__proto__', 1]]), struct('s', [['', 2]]))
    expect(Object.keys(structLayout(anonymous, 's').fields)).toEqual(['__proto__'])
  })

  it('refuses a member that is there twice', () => {
    const btf = btfOf(
      int,
      struct('s', [['a', 1]]),
      struct('t', [
        ['a', 1],
        ['a', 1],
      ]),
    )
    expect(() => structLayout(btf, 't')).toThrow('t.a is there twice')
  })

  it('refuses structs that multiply', () => {
    const many = (type: number): [string, number][] =>
      Array.from({ length: 50 }, (_, index) => [`m${index}`, type])
    const levels = Array.from({ length: 6 }, (_, level) => struct(`level${level}`, many(level + 1)))
    expect(() => structLayout(btfOf(int, ...levels), 'level5')).toThrow(LayoutError)
    expect(() => structLayout(btfOf(int, ...levels), 'level5')).toThrow('comes after 4096 other fields')
  })
})

describe('parseBtf', () => {
  /** BTF with a fwd type for each of these offsets of its strings. */
  const withNames = (strings: string, offsets: readonly number[]) => {
    const types = Buffer.alloc(offsets.length * 12)
    for (const [index, offset] of offsets.entries()) {
      types.writeUInt32LE(offset, index * 12)
      types.writeUInt32LE(7 << 24, index * 12 + 4)
    }
    const text = Buffer.from(`\0${strings}\0`)
    const header = Buffer.alloc(24)
    header.writeUInt16LE(0xeb9f, 0)
    header.writeUInt8(1, 2)
    for (const [index, word] of [24, 0, types.length, types.length, text.length].entries())
      header.writeUInt32LE(word, 4 + index * 4)
    return parseBtf(Buffer.concat([header, types, text]))
  }

  it.each([
    ['x'.repeat(511), undefined],
    ['x'.repeat(512), 'BTF string at 1 is longer than a name of 512 bytes'],
    ['\u001b[2J', 'BTF string at 1 has control characters'],
  ])('bounds names: %j', (name, message) => {
    const parse = () => withNames(name, [1]).types[1]?.name
    if (message === undefined) expect(parse()).toBe(name)
    else expect(parse).toThrow(message)
  })
  it('bounds bytes and types', () => {
    expect(() => parseBtf(Buffer.alloc(2 ** 24 + 1))).toThrow('BTF of 16777217 bytes is larger than 16777216')
    const offsets = new Array<number>(2 ** 20).fill(0)
    expect(() => withNames('x', offsets)).toThrow('BTF has more than 1048576 types')
  })

  it('takes ends of names for names, but not all of them', () => {
    const offsets = Array.from({ length: 300 }, (_, index) => index + 1)
    expect(withNames('x'.repeat(300), [1, 1, 200]).types.map(({ name }) => name.length)).toEqual([
      0, 300, 300, 101,
    ])
    expect(() => withNames('x'.repeat(300), offsets)).toThrow('BTF strings overlap: ')
  })
})
