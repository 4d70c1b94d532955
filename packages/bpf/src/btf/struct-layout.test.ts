import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { defineLayout } from '../layout/layout.ts'
import { compileBpf, dumpSection, temporaryDirectory } from '../testing.ts'
import { parseBtf } from './parse.ts'
import { structLayout } from './struct-layout.ts'
import type { Btf } from './types.ts'

const source = join(import.meta.dirname, '../../testdata/layouts.c')

/** The initial value of `struct sample sample` in the source. */
const sampleValue = {
  a: 0x12,
  b: 0x3456,
  c: 0xdeadbeef,
  d: 0x0a000102,
  e: 0x1122334455667788n,
  f: 0x99aabbccddeeff00n,
  g: -2,
  h: -300,
  i: -70000,
  j: -5000000000n,
  mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
  address: Uint8Array.from({ length: 16 }, (_, index) => index + 1),
  inner: { port: 8080, proto: 6 },
  flat: 77,
  verdict: 1,
  on: 1,
}

describe('structLayout', () => {
  let btf: Btf
  let compiledSample: Buffer
  beforeAll(() => {
    using directory = temporaryDirectory()
    const object = join(directory.path, 'layouts.o')
    writeFileSync(object, compileBpf(source))
    btf = parseBtf(dumpSection(object, '.BTF'))
    compiledSample = dumpSection(object, '.data')
  })

  it('encodes what the compiler encodes', () => {
    const layout = defineLayout(structLayout(btf, 'struct sample'))
    expect(layout.encode(sampleValue)).toEqual(compiledSample)
    expect(layout.decode(compiledSample)).toEqual(sampleValue)
  })

  it('gives plain data that a generated file can carry', () => {
    expect(structLayout(btf, 'inner')).toEqual({
      size: 4,
      fields: { port: { kind: 'be16', offset: 0 }, proto: { kind: 'u8', offset: 2 } },
    })
    expect(structLayout(btf, 'anonymous_t')).toEqual({
      size: 4,
      fields: { only: { kind: 'u32', offset: 0 } },
    })
  })

  it.each([
    ['with_bitfield', 'with_bitfield.low is a bitfield'],
    ['with_pointer', 'with_pointer.next is a ptr'],
    ['with_words', 'with_words.words is an array of int unsigned int'],
    ['with_anonymous_union', 'with_anonymous_union. is an anonymous union'],
    ['nowhere', 'BTF has no struct nowhere'],
    ['__u32', '__u32 is a int, not a struct'],
  ])('refuses %s by name', (name, message) => {
    expect(() => structLayout(btf, name)).toThrow(message)
  })
})
