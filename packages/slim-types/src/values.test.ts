import { formatIp, parseIp } from '@axoneme/net-types'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalIp } from './values.ts'

describe('canonicalIp', () => {
  it('gives every address the spelling of net-types', () => {
    const group = fc.constantFrom('0', '1', 'a', '0a', 'ffff', '0000', '')
    const spelled = fc.array(group, { minLength: 1, maxLength: 9 }).map((groups) => groups.join(':'))
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), spelled, fc.ipV4()), (text) => {
        const bytes = parseIp(text)
        expect(canonicalIp(text)).toBe(bytes === undefined ? text : formatIp(bytes))
      }),
      { numRuns: 3000 },
    )
  })
})
