import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MultiMap } from './multi-map.ts'

it('holds what a map of sets holds, whatever is done to it', () => {
  const operation = fc.record({
    kind: fc.constantFrom('add', 'delete'),
    key: fc.constantFrom('a', 'b'),
    value: fc.constantFrom(0, 1, 2),
  })
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const map = new MultiMap<string, number>()
      const sets: Record<string, Set<number>> = { a: new Set(), b: new Set() }
      for (const { kind, key, value } of operations) {
        const set = sets[key] as Set<number>
        if (kind === 'add') {
          map.add(key, value)
          set.add(value)
        } else expect(map.delete(key, value)).toBe(set.delete(value))
        expect(map.get(key)).toEqual([...set])
        expect(map.has(key)).toBe(set.size > 0)
        expect(map.size).toBe(Object.values(sets).filter(({ size }) => size > 0).length)
      }
    }),
  )
})
