import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hashOfBytes, hashOfText, keyBytesOf, textOfKey } from './index.ts'

const ascii = fc.string({ unit: fc.integer({ min: 0, max: 127 }).map((code) => String.fromCharCode(code)) })
const seed = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })

it('gives text and its bytes one hash, wherever these lie', () => {
  fc.assert(
    fc.property(ascii, fc.nat(9), seed, (text, start, seed) => {
      const bytes = Buffer.concat([Buffer.alloc(start, 1), Buffer.from(text), Buffer.alloc(9, 2)])
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
      const hash = hashOfText(text, seed)
      expect(hashOfBytes({ view, start, end: start + text.length }, seed)).toBe(hash)
      expect(hash).toBe(hash | 0)
      expect(textOfKey({ view, start, end: start + text.length })).toBe(text)
      expect(hashOfBytes(keyBytesOf(text), seed)).toBe(hash)
    }),
  )
})

it('is another one with another seed, and for each of many keys that resemble each other', () => {
  const keys = Array.from({ length: 20_000 }, (_, i) => `team-${i % 20}/web-7db6d8ff4d-${i}`)
  const hashes = keys.map((key) => hashOfText(key, 1))
  // By chance alone 0.05 of them collide.
  expect(new Set(hashes).size).toBeGreaterThan(keys.length - 5)
  expect(hashes.filter((hash, i) => hash === hashOfText(keys[i] as string, 2)).length).toBeLessThan(5)
})

it('spreads keys over the places of a table', () => {
  const places = Array.from({ length: 20_000 }, (_, i) => hashOfText(`10.0.${i >> 8}.${i & 255}`, 7) & 1023)
  const counts = new Map<number, number>()
  for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1)
  // 19.5 on average; a fair throw has fewer than 50 anywhere but once in ten million.
  expect(counts.size).toBe(1024)
  expect(Math.max(...counts.values())).toBeLessThan(50)
})
