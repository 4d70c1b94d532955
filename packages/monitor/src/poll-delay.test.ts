import { describe, expect, it } from 'vitest'
import { nextPollDelayMs } from './poll-delay.ts'

describe('nextPollDelayMs', () => {
  it.each([
    { name: 'a full batch: at once', previousMs: 200, count: 10, expected: 0 },
    { name: 'some records: soon', previousMs: 200, count: 1, expected: 5 },
    { name: 'none after some: a little later', previousMs: 5, count: 0, expected: 10 },
    { name: 'none after a full batch', previousMs: 0, count: 0, expected: 10 },
    { name: 'none for long: rarely', previousMs: 150, count: 0, expected: 200 },
  ])('$name', ({ previousMs, count, expected }) => {
    expect(nextPollDelayMs(previousMs, { count, batch: 10 })).toBe(expected)
  })
})
