import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRateLimiter } from './rate-limiter.ts'

describe('rate limiter', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('lets a burst through at once and then keeps the rate', async () => {
    const limiter = createRateLimiter({ perSecond: 10, burst: 3 }, { nowMs: Date.now })
    const startMs = Date.now()
    const turns = Array.from({ length: 6 }, async () => {
      await limiter.acquire(undefined)
      return Date.now() - startMs
    })
    expect(limiter.queued).toBe(3)
    await vi.advanceTimersByTimeAsync(1000)
    expect(await Promise.all(turns)).toEqual([0, 0, 0, 100, 200, 300])
    expect(limiter.queued).toBe(0)
  })

  it('stops waiting when asked to', async () => {
    const limiter = createRateLimiter({ perSecond: 1, burst: 1 }, { nowMs: Date.now })
    await limiter.acquire(undefined)
    const giveUp = new AbortController()
    const waiting = limiter.acquire(giveUp.signal)
    giveUp.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    expect(limiter.queued).toBe(0)
  })

  it.each([
    { perSecond: 0, burst: 1 },
    { perSecond: Number.NaN, burst: 1 },
    { perSecond: 1, burst: 0 },
  ])('refuses %o', (limit) => {
    expect(() => createRateLimiter(limit)).toThrow(RangeError)
  })

  it('never lets more than burst + rate x time through', async () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(gaps, fc.integer({ min: 1, max: 5 }), async (delaysMs, burst) => {
        const limiter = createRateLimiter({ perSecond: 20, burst }, { nowMs: Date.now })
        const passedMs: number[] = []
        const running: Promise<unknown>[] = []
        for (const delayMs of delaysMs) {
          await vi.advanceTimersByTimeAsync(delayMs)
          running.push(limiter.acquire(undefined).then(() => passedMs.push(Date.now())))
        }
        await vi.advanceTimersByTimeAsync(60_000)
        await Promise.all(running)
        for (const [i, fromMs] of passedMs.entries()) {
          for (let j = i; j < passedMs.length; j++) {
            const windowMs = (passedMs[j] as number) - fromMs
            // Timers have a resolution of 1 ms.
            expect(j - i + 1).toBeLessThanOrEqual(burst + (20 * (windowMs + 1)) / 1000)
          }
        }
      }),
      { numRuns: 30 },
    )
  })
})
