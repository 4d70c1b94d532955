import fc from 'fast-check'
import { expect, it } from 'vitest'
import { WordMap } from './word-map.ts'

it('is a map, also when keys collide, go, and the table grows', () => {
  const word = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constantFrom(2 ** 31, 2 ** 32 - 1))
  const operation = fc.record({ high: word, low: word, value: fc.integer({ min: 0, max: 3 }) })
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 400, size: 'max' }), (operations) => {
      const words = new WordMap()
      const map = new Map<string, number>()
      for (const { high, low, value } of operations) {
        words.set(high, low, value)
        if (value === 0) map.delete(`${high} ${low}`)
        else map.set(`${high} ${low}`, value)
        expect(words.size).toBe(map.size)
      }
      for (const { high, low } of operations) {
        expect(words.get(high, low)).toBe(map.get(`${high} ${low}`) ?? 0)
      }
      expect([...words.values()].sort()).toEqual([...map.values()].sort())
    }),
  )
})

it('holds many neighbours', () => {
  const words = new WordMap()
  for (let i = 0; i < 20_000; i++) words.set(0x0a00_0000 + i, 8080, i + 1)
  for (let i = 0; i < 20_000; i += 2) words.set(0x0a00_0000 + i, 8080, 0)
  for (let i = 0; i < 20_000; i++) expect(words.get(0x0a00_0000 + i, 8080)).toBe(i % 2 === 0 ? 0 : i + 1)
  expect(words.size).toBe(10_000)
})
