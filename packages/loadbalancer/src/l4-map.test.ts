import fc from 'fast-check'
import { expect, it } from 'vitest'
import { frontendKey, type L4Address } from './keys.ts'
import { L4Map } from './l4-map.ts'

it('is a map by address, port and protocol, of both families and of text that is no address', () => {
  const owner: fc.Arbitrary<L4Address> = fc.record({
    address: fc.constantFrom('0.0.0.0', '10.0.0.1', '255.255.255.255', 'fd00::1', 'nonsense'),
    port: fc.constantFrom(0, 1, 256, 65_535),
    protocol: fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const),
  })
  const operation = fc.record({ owner, number: fc.constantFrom(0, 1, 2 ** 32 - 1) })
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 100 }), (operations) => {
      const numbers = new L4Map()
      const map = new Map<string, number>()
      for (const { owner, number } of operations) {
        if (number === 0) {
          numbers.delete(owner)
          map.delete(frontendKey(owner))
        } else {
          numbers.set(owner, number)
          map.set(frontendKey(owner), number)
        }
      }
      for (const { owner } of operations) expect(numbers.get(owner)).toBe(map.get(frontendKey(owner)))
    }),
  )
})
