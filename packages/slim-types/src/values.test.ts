import { formatIp, parseIp } from '@axoneme/net-types'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quoted } from './errors.ts'
import { portOrNameAt } from './int-or-string.ts'
import { integerAt } from './json.ts'
import { canonicalIp, isAddressNext } from './values.ts'

const group = fc.oneof(
  { weight: 3, arbitrary: fc.constant('0') },
  { weight: 1, arbitrary: fc.constantFrom('00', '0a', 'F', 'fd00', '12345', '') },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 0xffff }).map((value) => value.toString(16)) },
)

/** Spellings of addresses, and texts that nearly are. */
const spelling = fc.oneof(
  fc.ipV6(),
  fc.array(group, { minLength: 1, maxLength: 9 }).map((groups) => groups.join(':')),
  fc
    .tuple(fc.array(group, { maxLength: 6 }), fc.array(group, { maxLength: 6 }))
    .map(([left, right]) => `${left.join(':')}::${right.join(':')}`),
)

it('an address has the spelling of net-types, whatever the way to it', () => {
  fc.assert(
    fc.property(spelling, (text) => {
      const bytes = parseIp(text)
      expect(canonicalIp(text)).toBe(bytes === undefined ? text : formatIp(bytes))
    }),
    { numRuns: 5000 },
  )
})

it('an address that is found in bytes is the one that they spell', () => {
  const found = { same: 0, wider: 0 }
  const near = spelling.chain((text) =>
    fc.tuple(fc.constant(text), fc.constantFrom(canonicalIp(text), text), fc.constantFrom('', '0:', '0:0:')),
  )
  fc.assert(
    fc.property(near, ([text, known, zeros]) => {
      const spelled = text.replace('::', `:${zeros}:`)
      const bytes = Buffer.from(`:${spelled}:`)
      const is = isAddressNext({ bytes, pos: 1 }, 1 + spelled.length, known)
      if (is) expect(canonicalIp(spelled)).toBe(canonicalIp(known))
      if (spelled === known) expect(is).toBe(true)
      if (is) found[spelled === known ? 'same' : 'wider']++
    }),
    { numRuns: 5000 },
  )
  expect(found.same).toBeGreaterThan(100)
  expect(found.wider).toBeGreaterThan(100)
})

describe('text from outside in a message', () => {
  it.each([
    { text: '', shown: '""' },
    { text: 'Pod', shown: '"Pod"' },
    { text: 'a"b\\', shown: '"a\\"b\\\\"' },
    { text: '\u001b[2J\u007f\u009b\u202e', shown: '"\\u001b[2J\\u{7f}\\u{9b}\\u{202e}"' },
    { text: 'é😀\ud800', shown: '"é😀\\ud800"' },
    { text: 'x'.repeat(1000), shown: `"${'x'.repeat(100)}…"` },
  ])('$text', ({ text, shown }) => {
    expect(quoted(text)).toBe(shown)
  })
})

it('-0 is 0', () => {
  expect(Object.is(integerAt({ port: -0 }, 'port'), 0)).toBe(true)
  expect(Object.is(portOrNameAt({ port: -0 }, 'port'), 0)).toBe(true)
})
