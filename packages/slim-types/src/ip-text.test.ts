import { formatIp, parseIp } from '@axoneme/net-types'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { canonicalIp, readIp } from './ip-text.ts'
import { WireReader } from './wire-reader.ts'

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
  fc.ipV4(),
  fc.constantFrom(
    '::ffff:10.0.0.1',
    '64:ff9b::1.2.3.4',
    '::ffff:10.0.0.256',
    'fe80::1%eth0',
    ':::',
    '1::2::3',
    ':1',
    '1:',
  ),
  fc.string({ maxLength: 45 }),
)

/** By other means. */
function spelledByNetTypes(text: string): string {
  const bytes = parseIp(text)
  return bytes === undefined ? text : formatIp(bytes)
}

it('an address has the spelling of net-types, whatever the way to it', () => {
  fc.assert(
    fc.property(spelling, (text) => {
      expect(canonicalIp(text)).toBe(spelledByNetTypes(text))
    }),
    { numRuns: 5000 },
  )
})

it('an address is read from among other bytes, whatever is known', () => {
  const known = { same: 0, other: 0 }
  const asKnown = spelling.chain((text) =>
    fc.tuple(fc.constant(text), fc.oneof(fc.constant(text), spelling).map(spelledByNetTypes)),
  )
  fc.assert(
    fc.property(asKnown, ([text, other]) => {
      const bytes = Buffer.from(text)
      const reader = new WireReader()
      reader.begin(
        Buffer.concat([Buffer.from([9, bytes.length]), bytes, Buffer.from(':1')]),
        1,
        bytes.length + 4,
      )
      const ip = readIp(reader, other)
      expect([ip, reader.pos]).toEqual([spelledByNetTypes(text), bytes.length + 2])
      known[ip === other ? 'same' : 'other']++
    }),
    { numRuns: 5000 },
  )
  expect(Math.min(known.same, known.other)).toBeGreaterThan(100)
})
