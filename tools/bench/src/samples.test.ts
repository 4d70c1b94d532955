import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { measureInterleaved, median, roundFigure, timed } from './samples.ts'

const signal = new AbortController().signal

describe('median', () => {
  it.each([
    { values: [3], expected: 3 },
    { values: [9, 1, 5], expected: 5 },
    { values: [4, 1, 2, 100], expected: 3 },
    { values: [10, 9, 2], expected: 9 },
  ])('of $values is $expected', ({ values, expected }) => expect(median(values)).toBe(expected))

  it('has as many values below as above', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const middle = median(values)
        const below = values.filter((value) => value < middle).length
        const above = values.filter((value) => value > middle).length
        expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2)
      }),
    )
  })

  it('of nothing is an error', () => expect(() => median([])).toThrow(RangeError))
})

describe('measureInterleaved', () => {
  it('runs every sampler once a round, in an order that is drawn, and forgets the first round', async () => {
    const order: string[] = []
    const sampler = (name: string, durations: number[]) => async () => {
      order.push(name)
      return { [name]: durations.shift()! }
    }
    const rounds: number[] = []
    // Two draws a round; the second says whether b comes first.
    const draws = [0, 0.9, 0, 0.1, 0, 0.9, 0, 0.9]
    const medians = await measureInterleaved([sampler('a', [1000, 1, 2, 6]), sampler('b', [5, 7, 7, 8])], {
      rounds: 3,
      onRound: (round) => rounds.push(round),
      signal,
      random: () => draws.shift()!,
    })
    expect([medians.of('a'), medians.of('b')]).toEqual([2, 7])
    expect(() => medians.of('c')).toThrow(RangeError)
    expect(order.join('')).toBe('abbaabab')
    expect(rounds).toEqual([0, 1, 2, 3])
  })

  it('stops between two samples', async () => {
    const stop = new AbortController()
    let ran = 0
    const running = measureInterleaved(
      [
        async () => {
          ran++
          stop.abort(new Error('enough'))
          return { a: 1 }
        },
      ],
      { rounds: 5, onRound() {}, signal: stop.signal },
    )
    await expect(running).rejects.toThrow('enough')
    expect(ran).toBe(1)
  })
})

it('times and rounds', () => {
  const { ms, value } = timed(() => 'done')
  expect(value).toBe('done')
  expect(ms).toBeGreaterThanOrEqual(0)
  expect(roundFigure(1234.56)).toBe(1235)
  expect(roundFigure(0.000123456)).toBe(0.0001235)
})
