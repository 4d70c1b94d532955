import { describe, expect, it } from 'vitest'
import { chiSquareEven, chiSquareTail, percentile } from './statistics.ts'

describe('chiSquareTail', () => {
  // Upper 5 % and 0.1 % points (NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4).
  it.each([
    { degrees: 1, statistic: 3.841, tail: 0.05 },
    { degrees: 2, statistic: 5.991, tail: 0.05 },
    { degrees: 10, statistic: 18.307, tail: 0.05 },
    { degrees: 2, statistic: 13.816, tail: 0.001 },
    { degrees: 30, statistic: 59.703, tail: 0.001 },
  ])('of $statistic with $degrees degrees is $tail', ({ degrees, statistic, tail }) => {
    expect(chiSquareTail(statistic, degrees) / tail).toBeCloseTo(1, 2)
  })
  it('is 1 for a perfect spread', () => expect(chiSquareTail(chiSquareEven([7, 7, 7]), 2)).toBe(1))
  it('is nothing for one backend that gets all', () => {
    expect(chiSquareTail(chiSquareEven([90, 0, 0]), 2)).toBeLessThan(1e-12)
  })
})

describe('percentile', () => {
  it.each([
    { values: [3, 1, 2], quantile: 0.5, want: 2 },
    { values: [3, 1, 2], quantile: 0.99, want: 3 },
    { values: [1, 2, 3, 4], quantile: 0.5, want: 2 },
    { values: [], quantile: 0.5, want: Number.NaN },
  ])('$quantile of $values is $want', ({ values, quantile, want }) =>
    expect(percentile(values, quantile)).toBe(want),
  )
})
