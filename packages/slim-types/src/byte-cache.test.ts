import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ByteCache } from './byte-cache.ts'

const bytesOf = fc.uint8Array({ maxLength: 12 })

it('finds what was added under the same bytes, wherever they lie, and nothing else', () => {
  const key = fc.oneof(bytesOf, fc.uint8Array({ max: 1, maxLength: 9 }))
  fc.assert(
    fc.property(fc.array(key, { maxLength: 300 }), fc.array(key), fc.nat(9), (keys, others, offset) => {
      const cache = new ByteCache<string>({ maxEntries: 1000 })
      const known = new Map<string, string>()
      for (const bytes of keys) {
        const text = bytes.join()
        const found = cache.find(bytes, 0, bytes.length)
        expect(found).toBe(known.get(text))
        if (found === undefined) cache.add(bytes, { start: 0, end: bytes.length, value: text })
        known.set(text, text)
      }
      for (const bytes of [...keys, ...others]) {
        const among = Buffer.concat([Buffer.alloc(offset, 1), bytes, Buffer.from([1, 2, 3, 4])])
        expect(cache.find(among, offset, offset + bytes.length)).toBe(known.get(bytes.join()))
      }
      expect(cache.size).toBe(known.size)
    }),
  )
})

it('forgets what was not asked for while as much as it remembers came', () => {
  const cache = new ByteCache<number>({ maxEntries: 100 })
  const key = (i: number) => Buffer.from(`key ${i}`)
  const used = key(0)
  for (let i = 0; i < 1000; i++) {
    const bytes = key(i)
    cache.add(bytes, { start: 0, end: bytes.length, value: i })
    expect(cache.size).toBeLessThanOrEqual(100)
    expect(cache.find(used, 0, used.length)).toBe(0)
  }
  expect(cache.find(key(1), 0, key(1).length)).toBeUndefined()
  expect(cache.find(key(999), 0, key(999).length)).toBe(999)
})

it('tells keys of one hash apart', () => {
  // The hash of two words, with the seed 0; where what goes into its last step is the same, so is the hash.
  const mixed = (hash: number) => {
    const product = Math.imul(hash, 0x85ebca6b)
    return product ^ (product >>> 15)
  }
  const words = (first: number, second: number) => {
    const bytes = Buffer.alloc(8)
    bytes.writeInt32LE(first, 0)
    bytes.writeInt32LE(second, 4)
    return bytes
  }
  const [one, other] = [words(1, 3), words(2, 3 ^ mixed(8 ^ 1) ^ mixed(8 ^ 2))]
  const cache = new ByteCache<string>({ maxEntries: 10, random: () => 0 })
  cache.add(one, { start: 0, end: 8, value: 'one' })
  expect(cache.find(other, 0, 8)).toBeUndefined()
  cache.add(other, { start: 0, end: 8, value: 'other' })
  expect([one, other].map((bytes) => cache.find(bytes, 0, 8))).toEqual(['one', 'other'])
})
