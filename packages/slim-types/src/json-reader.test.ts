import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  anyJson,
  createInterner,
  DecodeError,
  type JsonShape,
  listShape,
  objectShape,
  readJson,
  sharedMap,
  sharedText,
  wholeMessage,
} from './index.ts'
import { jsonSpeller } from './testing/spell-json.ts'

const interner = createInterner({ maxEntries: 1000 })
const keys = ['', 'a', 'b', 'ab', 'abcde', 'abcdf', '__proto__', 'constructor', '0']

const text = fc.oneof(
  fc.constantFrom(...keys),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('"', '\\', '\n', '\u007f', 'é', '€', '😀', '\ud800', '\udc00', 'x') }),
)
const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.boolean()),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .uniqueArray(fc.tuple(fc.oneof(fc.constantFrom(...keys), text), tie('value')), {
        selector: ([key]) => key,
        maxLength: 5,
      })
      .map((entries) => Object.fromEntries(entries)),
  ),
})).value

const shape = fc.letrec<{ shape: JsonShape }>((tie) => ({
  shape: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(anyJson, sharedText(interner), sharedMap(interner)),
    tie('shape').map(listShape),
    fc
      .dictionary(fc.constantFrom(...keys.filter((key) => key !== '__proto__')), tie('shape'), {
        noNullPrototype: true,
      })
      .map(objectShape),
  ),
})).shape

/** What is wanted of what JSON.parse made. */
function pick(parsed: unknown, shape: JsonShape): unknown {
  if (shape.of === 'list') return Array.isArray(parsed) ? parsed.map((it) => pick(it, shape.element)) : parsed
  const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
  if (shape.of !== 'object' || !isObject) return parsed
  const wanted = new Map(shape.fields.flat().map((field) => [field?.name, field?.shape] as const))
  return Object.fromEntries(
    Object.entries(parsed).flatMap(([key, field]) => {
      const fieldShape = wanted.get(key)
      return fieldShape === undefined ? [] : [[key, pick(field, fieldShape)]]
    }),
  )
}

const decodeUtf8 = (bytes: Uint8Array) =>
  new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)

function parsed(bytes: Uint8Array): { value: unknown } | 'refused' {
  try {
    return { value: JSON.parse(decodeUtf8(bytes)) }
  } catch {
    return 'refused'
  }
}

/** V8 now and then takes an escaped key for another one (Node 26.9): JSON.parse is no oracle for these. */
function hasEscapedKey(text: string): boolean {
  return (text.match(/"(?:[^"\\]|\\.)*"\s*:/gs) ?? []).some((key) => key.includes('\\'))
}

/** The document alone, and in the middle of other bytes that would go on with it. */
function expectAsParsed(bytes: Uint8Array, shape: JsonShape): void {
  const padded = Buffer.concat([Buffer.from('[1,"'), bytes, Buffer.from('","1]}')])
  const documents = [wholeMessage(bytes), { bytes: padded, start: 4, end: 4 + bytes.length }]
  const expected = parsed(bytes)
  if (hasEscapedKey(Buffer.from(bytes).toString('latin1'))) return
  for (const document of documents) {
    if (expected === 'refused') expect(() => readJson(document, shape)).toThrow(DecodeError)
    else {
      const read = readJson(document, shape)
      const wanted = pick(expected.value, shape)
      if (!isDeepStrictEqual(read, wanted)) expect(read).toEqual(wanted)
      expect(JSON.stringify(read)).toBe(JSON.stringify(wanted))
    }
  }
}

describe('what is read is what JSON.parse makes, without what is not wanted', () => {
  it('of any value in any spelling', () => {
    fc.assert(
      fc.property(value, shape, jsonSpeller, (value, shape, spell) => {
        const spelt = spell(value)
        if (hasEscapedKey(spelt)) return
        expect(isDeepStrictEqual(JSON.parse(spelt), JSON.parse(JSON.stringify(value)))).toBe(true)
        expectAsParsed(Buffer.from(spelt), shape)
      }),
      { numRuns: 3000 },
    )
  })

  const tokens = fc.constantFrom(
    ...[
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '\\u',
      '\\ud800',
      'null',
      'tru',
      '-',
      '0',
      '00',
      '1.',
      '.5',
      'e',
      '1e+',
    ],
    ...['\u0000', '\n', '\u001f', '\ufeff', '\u00a0', '\u2028', '/**/', "'", 'NaN'],
  )
  const change = fc.record({
    at: fc.nat(),
    cut: fc.nat(3),
    put: fc.oneof(
      tokens.map((token) => Buffer.from(token)),
      fc.uint8Array({ maxLength: 3 }),
    ),
  })

  it('or is refused where JSON.parse refuses, whatever was done to the bytes', () => {
    let refused = 0
    fc.assert(
      fc.property(value, shape, jsonSpeller, fc.array(change, { minLength: 1, maxLength: 3 }), (...given) => {
        const [value, shape, spell, changes] = given
        let bytes = Buffer.from(spell(value))
        for (const { at, cut, put } of changes) {
          const place = at % (bytes.length + 1)
          bytes = Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + cut)])
        }
        if (parsed(bytes) === 'refused') refused++
        expectAsParsed(bytes, shape)
      }),
      { numRuns: 10_000 },
    )
    expect(refused).toBeGreaterThan(1000)
  })

  it.each([
    ...[
      '',
      ' ',
      '0',
      '-0',
      '01',
      '-',
      '1.',
      '.1',
      '1e',
      '1e5',
      '1E+05',
      '1e400',
      '+1',
      '0x1',
      '1 2',
      'nul',
      'nulll',
    ],
    ...[
      'true',
      'True',
      '[,]',
      '[1,]',
      '[1 2]',
      '{,}',
      '{"a"}',
      '{"a":}',
      '{"a":1,}',
      '{a:1}',
      "'a'",
      '"\\x"',
    ],
    ...[
      '"\\u12"',
      '"\\u12G4"',
      '"\\uD83D\\uDE00"',
      '"\\ud83d"',
      '"\t"',
      '"\u007f"',
      '"a',
      '"a\\',
      '"a\\u',
      '\ufeff1',
    ],
    ...['{"a":1,"a":2}', '{"a":{"b":1},"a":{"ab":2}}', '[]]', '{}}', '[', '{"a":[}]'],
    ...['{"a":1,"a":null}', '{"__proto__":{"a":1}}', '{"__proto__":"x","a":"y"}'],
  ])('%j', (document) => {
    const shapes = [
      anyJson,
      sharedMap(interner),
      objectShape({ a: anyJson }),
      objectShape({ a: objectShape({ b: anyJson }) }),
      objectShape({}),
      listShape(sharedText(interner)),
    ]
    for (const shape of shapes) expectAsParsed(Buffer.from(document), shape)
  })
})

describe('bounds', () => {
  const nested = (depth: number) => Buffer.from(`{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`)

  it.each([
    ['skipped', objectShape({})],
    ['wanted', objectShape({ a: anyJson })],
  ])('nesting of what is %s', (_name, shape) => {
    expectAsParsed(nested(500), shape)
    expect(() => readJson(wholeMessage(nested(501)), shape)).toThrow(DecodeError)
    expect(() => readJson(wholeMessage(Buffer.from('['.repeat(1_000_000))), shape)).toThrow(DecodeError)
  })

  it('depth is where it is, not how often it was', () => {
    expectAsParsed(Buffer.from(`[${Array.from({ length: 2000 }, () => '[{}]').join()}]`), objectShape({}))
  })
})

it('an escaped key is what it stands for', () => {
  const read = (text: string) => readJson(wholeMessage(Buffer.from(text)), objectShape({ a: anyJson }))
  expect(read('{"\\u0061":3}')).toEqual({ a: 3 })
  expect(read('{"a":1,"\\u0062":2,"\\u0061":3}')).toEqual({ a: 3 })
})

it('equal strings are one, keys of maps as well, however they are spelt', () => {
  const own = createInterner()
  const document = Buffer.from('[{"aé":"1"},{"a\\u00e9":"\\u0031"}]')
  expect(readJson(wholeMessage(document), listShape(sharedMap(own)))).toEqual([{ aé: '1' }, { aé: '1' }])
  expect(own.size).toBe(2)
})
