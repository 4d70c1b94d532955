import { formatIp, parseIp } from '@axoneme/net-types'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { canonicalIp } from './values.ts'

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
