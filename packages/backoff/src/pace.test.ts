import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createPace } from './pace.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

it('lets the first pass at once, and the others in order a period apart, longer in larger clusters', async () => {
  const { signal } = new AbortController()
  const nodeCount = Math.E ** 3 - 1
  const pace = createPace(
    { baseMs: 100, jitter: 0, growsWithCluster: true },
    { nodeCount: () => nodeCount, nowMs: Date.now },
  )
  const startedMs = Date.now()
  const passedMs: number[] = []
  const all = [0, 1, 2].map(() => pace(signal).then(() => passedMs.push(Date.now() - startedMs)))
  await vi.runAllTimersAsync()
  await Promise.all(all)
  expect(passedMs).toEqual([0, 300, 600])
  await vi.advanceTimersByTimeAsync(1000)
  const laterMs = Date.now()
  await pace(signal)
  expect(Date.now()).toBe(laterMs)
})

it('ends the wait of one that is aborted', async () => {
  const stop = new AbortController()
  const pace = createPace({ baseMs: 100, jitter: 0 })
  await pace(stop.signal)
  const waiting = pace(stop.signal)
  stop.abort(new Error('stopped'))
  await expect(waiting).rejects.toThrow('stopped')
  await expect(pace(stop.signal)).rejects.toThrow('stopped')
})
