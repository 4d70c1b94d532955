import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { minimalObjects } from '../corpus/minimal-objects.ts'
import { Random } from '../random.ts'
import { anatomyOf } from './anatomy.ts'
import { mutate, type Specimen } from './mutate.ts'

const specimen = (bytes: Buffer): Specimen => ({ bytes, anatomy: anatomyOf(bytes) })
const objects = [...minimalObjects().values()].map(specimen)

describe('mutate', () => {
  it('gives the same for the same numbers and leaves its input alone', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 300 }).map((array) => Buffer.from(array)),
      fc.constantFrom(...objects.map((object) => object.bytes)),
    )
    fc.assert(
      fc.property(bytes, fc.nat(), fc.constantFrom(...objects), (input, seed, other) => {
        const before = Buffer.from(input)
        const change = () => mutate(specimen(input), { other, random: new Random(seed) })
        const mutated = change()
        expect(change()).toEqual(mutated)
        expect(input).toEqual(before)
      }),
      { numRuns: 1000 },
    )
  })

  it('bears what it has made itself', () => {
    const random = new Random(1)
    for (const object of objects) {
      let at = object
      for (let round = 0; round < 500; round++)
        at = specimen(mutate(at, { other: random.pick(objects), random }).subarray(0, 4096))
    }
  })
})

describe('anatomyOf', () => {
  it('finds the numbers of every part of an object', () => {
    const groups = new Set(objects.flatMap(({ anatomy }) => anatomy.groups))
    expect([...groups].filter((group) => !group.startsWith('btf.record'))).toEqual(
      expect.arrayContaining([
        'header',
        'section.offset',
        'symbol.value',
        'relocation.type',
        'insn.opcode',
        'btf.header',
        'btf.kind',
        'btfext.word',
      ]),
    )
    expect([...groups].filter((group) => group.startsWith('btf.record')).length).toBeGreaterThan(8)
  })
})
