import { CodedError } from '@axoneme/lifecycle'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
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

  it('grows exponentially to its maximum under full jitter', () => {
    const delays = [1, 2, 3, 4, 5, 1000].map((attempt) =>
      nextDelayMs({ minMs: 100, maxMs: 1000, factor: 2 }, { attempt, previousMs: 0, random: () => 0.5 }),
    )
    expect(delays).toEqual([100, 200, 400, 500, 500, 500])
  })

  it('grows to three times the delay before, to its maximum, under decorrelated jitter', () => {
    const policy = { minMs: 100, maxMs: 2000, jitter: 'decorrelated' } as const
    let previousMs: number = policy.minMs
    const delays = [1, 2, 3, 4].map((attempt) => {
      previousMs = nextDelayMs(policy, { attempt, previousMs, random: () => 1 })
      return previousMs
    })
    expect(delays).toEqual([300, 900, 2000, 2000])
    expect(nextDelayMs(policy, { attempt: 1, previousMs: 2000, random: () => 0 })).toBe(100)
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

  describe('what its server asks to be left alone for', () => {
    beforeEach(() => void vi.useFakeTimers())
    afterEach(() => void vi.useRealTimers())
    const refused = () => Object.assign(failing(true), { retryAfterMs: 5_000 })
    const policy = { minMs: 100, maxMs: 100, random: () => 0.5 }

    it('is waited for in addition to the delay', async () => {
      const triedMs: number[] = []
      const startedMs = Date.now()
      const retrying = retry(async () => {
        triedMs.push(Date.now() - startedMs)
        if (triedMs.length < 3) throw refused()
      }, policy)
      await vi.runAllTimersAsync()
      await retrying
      expect(triedMs).toEqual([0, 5_050, 10_100])
    })

    it('not after the last attempt', async () => {
      const startedMs = Date.now()
      const retrying = retry(() => Promise.reject(refused()), { ...policy, maxAttempts: 2 })
      const failed = expect(retrying).rejects.toThrow('do it')
      await vi.runAllTimersAsync()
      await failed
      expect(Date.now() - startedMs).toBe(5_050)
    })

    it.each([{ afterMs: 2_000 }, { afterMs: 5_020 }])(
      'ends with the signal: after $afterMs ms',
      async ({ afterMs }) => {
        const controller = new AbortController()
        const { signal } = controller
        const retrying = retry(() => Promise.reject(refused()), { ...policy, signal })
        const failed = expect(retrying).rejects.toThrow('stop')
        await vi.advanceTimersByTimeAsync(afterMs)
        controller.abort(new Error('stop'))
        await failed
        expect(vi.getTimerCount()).toBe(0)
      },
    )
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
