import { describe, expect, it } from 'vitest'
import { distribution, percentile } from './distribution.ts'

const upTo = (count: number) => Array.from({ length: count }, (_, i) => count - i)

describe('percentile', () => {
  it.each([
    { values: [7], share: 0.99, expected: 7 },
    { values: [3, 1, 2], share: 0.5, expected: 2 },
    { values: [1, 2, 3, 10], share: 0.5, expected: 2 },
    { values: upTo(100), share: 0.99, expected: 99 },
    { values: upTo(101), share: 0.99, expected: 100 },
    { values: upTo(100), share: 1, expected: 100 },
    { values: upTo(100), share: 0, expected: 1 },
    { values: [10, 9, 100], share: 0.01, expected: 9 },
  ])('$share of $values.length values is $expected', ({ values, share, expected }) => {
    expect(percentile(values, share)).toBe(expected)
  })

  it('of nothing is an error', () => expect(() => percentile([], 0.5)).toThrow(RangeError))
})

it('a distribution has three figures', () => {
  expect(distribution('add_ms', upTo(200))).toEqual({ add_ms_p50: 100, add_ms_p99: 198, add_ms_max: 200 })
})
