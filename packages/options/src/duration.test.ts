import fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'

it.each([
  ['0', 0],
  ['250ms', 250],
  ['1.5s', 1500],
  ['1m30s', 90_000],
  ['12h', 43_200_000],
  ['5m', 300_000],
  ['', undefined],
  ['5', undefined],
  ['s', undefined],
  ['1s1m', undefined],
  ['-1s', undefined],
  ['99999999999999999999h', undefined],
])('%s is %s', (text, durationMs) => {
  expect(parseDuration(text)).toBe(durationMs)
})

it('reads back what it writes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (durationMs) => {
      expect(parseDuration(formatDuration(durationMs))).toBe(durationMs)
    }),
  )
})
