import { CodedError } from '@axoneme/lifecycle'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextDelayMs, retry, retryDelays } from './retry.ts'

describe('nextDelayMs', () => {
  it('stays inside its bounds for any policy and any random number', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1000, max: 100_000 }),
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.constantFrom('full' as const, 'decorrelated' as const),
        (minMs, maxMs, attempt, draw, jitter) => {
          const delay = nextDelayMs(
            { minMs, maxMs, jitter },
            { attempt, previousMs: maxMs, random: () => draw },
          )
          expect(delay).toBeGreaterThan(0)
          expect(delay).toBeLessThanOrEqual(maxMs)
        },
      ),
    )
  })

  it('spreads the very first retry below the minimum', () => {
    const delay = nextDelayMs({ minMs: 100, maxMs: 1000 }, { attempt: 1, previousMs: 0, random: () => 0.1 })
    expect(delay).toBeCloseTo(20)
  })
})

describe('retry', () => {
  const failing = (retryable: boolean) => new CodedError('TEST', 'do it', { retryable })

  it('repeats what may be repeated until it succeeds', async () => {
    let calls = 0
    const result = await retry(
      async () => {
        if (++calls < 4) throw failing(true)
        return 'done'
      },
      { minMs: 1, maxMs: 2 },
    )
    expect([result, calls]).toEqual(['done', 4])
  })

  it('gives up at once when a retry does not help', async () => {
    let calls = 0
    await expect(
      retry(
        async () => {
          calls++
          throw failing(false)
        },
        { minMs: 1, maxMs: 2 },
      ),
    ).rejects.toThrow('do it')
    expect(calls).toBe(1)
  })

  it('ends with the last error after maxAttempts', async () => {
    await expect(
      retry(
        async (attempt) => {
          throw new CodedError('TEST', `attempt ${attempt}`, { retryable: true })
        },
        { minMs: 1, maxMs: 1, maxAttempts: 3 },
      ),
    ).rejects.toThrow('attempt 2')
  })

  it('stops waiting when the signal aborts', async () => {
    const controller = new AbortController()
    const delays = retryDelays({ minMs: 60_000, maxMs: 60_000, signal: controller.signal })
    await delays.next()
    const waiting = delays.next()
    controller.abort(new Error('stop'))
    await expect(waiting).rejects.toThrow('stop')
  })
})
