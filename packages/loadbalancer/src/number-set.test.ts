import fc from 'fast-check'
import { expect, it } from 'vitest'
import { NumberSet } from './number-set.ts'

it('is a set, for small numbers and the largest ids', () => {
  const number = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom(4095, 4096, 2 ** 31, 2 ** 32 - 1))
  const operation = fc.record({ kind: fc.constantFrom('add', 'delete'), number })
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const numbers = new NumberSet()
      const set = new Set<number>()
      for (const { kind, number } of operations) {
        if (kind === 'delete') expect(numbers.delete(number)).toBe(set.delete(number))
        else {
          numbers.add(number)
          set.add(number)
        }
        expect(numbers.size).toBe(set.size)
        for (const { number } of operations) expect(numbers.has(number)).toBe(set.has(number))
      }
    }),
  )
})
