import { DecodeError } from '@axoneme/slim-types'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvariantError } from '../errors.ts'
import { Random } from '../random.ts'
import { attempt, checkValue } from './check.ts'
import { checkJson } from './check-json.ts'
import { type Entry, entries } from './entries.ts'
import { execute } from './execute.ts'
import { mutator } from './mutator.ts'
import { parseMessage, prefixOf, writeMessage } from './protobuf-tree.ts'
import { slimSeeds } from './seeds.ts'

const seeds = await slimSeeds()

describe('the seeds', () => {
  it('are accepted, all of them, and there is one for every way in', () => {
    const outcomes = seeds.map(({ name, bytes }) => ({ name, outcome: execute(bytes, new Random(1)) }))
    expect(outcomes.filter(({ outcome }) => 'refusal' in outcome)).toEqual([])
    const missing = entries.filter(({ name }) => !seeds.some((seed) => seed.name === name))
    expect(missing.map(({ name }) => name)).toEqual([])
  })

  it.each(seeds.filter(({ name }) => /protobuf/.test(name)))('$name is what its fields are', ({ bytes }) => {
    const body = bytes.subarray(1)
    const prefix = prefixOf(body)
    const message = parseMessage(body.subarray(prefix.length))
    expect(Buffer.concat([prefix, writeMessage(message ?? [])])).toEqual(body)
  })
})

it('mutations are the same for the same numbers, and leave both inputs alone', () => {
  const input = fc.oneof(
    fc.constantFrom(...seeds.map(({ bytes }) => bytes)),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  )
  fc.assert(
    fc.property(input, input, fc.nat(), (input, other, seed) => {
      const before = Buffer.concat([input, other])
      const [mutated, again] = [0, 1].map(() => mutator(input, other)(new Random(seed)))
      expect(again).toEqual(mutated)
      expect(Buffer.concat([input, other])).toEqual(before)
    }),
    { numRuns: 300 },
  )
})

describe('what must not be is found:', () => {
  const wrapped = (cause: unknown) => () => {
    throw new DecodeError('decode Pod', { cause })
  }

  it.each([
    ['another error', SyntaxError, () => attempt(() => JSON.parse('{'))],
    ['another error below', TypeError, () => attempt(wrapped(new TypeError('x is undefined')))],
    ['a long message', InvariantError, () => attempt(wrapped(new DecodeError('x'.repeat(2000))))],
    ['a message for terminals', InvariantError, () => attempt(wrapped(new DecodeError('\u001b[2J')))],
    ['another prototype', InvariantError, () => checkValue([Object.create({ a: 1 })], 100)],
    ['a bigint', InvariantError, () => checkValue({ port: 1n }, 100)],
    [
      'a value out of nothing',
      InvariantError,
      () =>
        checkValue(
          Array.from({ length: 1000 }, () => 0),
          2,
        ),
    ],
  ])('%s', (_name, type, act) => {
    expect(act).toThrow(type)
  })

  it.each([
    ['no JSON that is accepted', { text: '{"a":1,}', decode: () => ({ a: 1 }) }],
    [
      'not what JSON.parse makes',
      { text: '{"a":1,"a":2}', decode: () => ({ a: 1 }), decodeParsed: (value: unknown) => value },
    ],
    ['a spelling that counts', { text: '"\\u0061"', decode: (bytes: Buffer) => bytes.length }],
  ])('%s', (_name, { text, ...planted }) => {
    const entry: Entry = { name: 'planted', format: 'json', gives: 'row', ...planted }
    const bytes = Buffer.from(text)
    const decoded = attempt(() => entry.decode(bytes, 'fresh'))
    expect(() => checkJson(entry, bytes, decoded)).toThrow(InvariantError)
  })
})
