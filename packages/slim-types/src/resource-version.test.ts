import fc from 'fast-check'
import { Writer } from 'protobufjs/minimal.js'
import { expect, it } from 'vitest'
import { resourceVersionOf } from './index.ts'
import { WireReader } from './wire-reader.ts'

function read(text: string): number | string {
  const bytes = Writer.create().string(text).finish()
  const reader = new WireReader()
  reader.begin(bytes, 0, bytes.length)
  const version = reader.decimal()
  expect(reader.pos).toBe(bytes.length)
  return version
}

const version = fc.oneof(
  fc.nat({ max: Number.MAX_SAFE_INTEGER }).map(String),
  fc.stringMatching(/^[0-9]{1,20}$/),
  fc.constantFrom('', '0', '00', '01', '-1', '+1', '1e3', '1.0', ' 1', '1 ', '0x1', '\u0663', 'NaN'),
  fc.string(),
)

it('a version is the number or the text that it was, from text and from bytes', () => {
  fc.assert(
    fc.property(version, (text) => {
      const version = resourceVersionOf(text)
      expect(read(text)).toBe(version)
      expect(String(version)).toBe(text)
    }),
    { numRuns: 2000 },
  )
})

it.each([
  { text: '100000000', version: 100_000_000 },
  { text: '999999999999999', version: 999_999_999_999_999 },
  { text: '1000000000000000', version: '1000000000000000' },
  { text: '7', version: 7 },
  { text: '0', version: 0 },
  { text: '07', version: '07' },
  { text: '', version: '' },
])('$text', ({ text, version }) => {
  expect([resourceVersionOf(text), read(text)]).toEqual([version, version])
})
