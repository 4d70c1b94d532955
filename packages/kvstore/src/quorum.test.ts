import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { watchQuorum } from './quorum.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

it.each([
  { nodes: 0, askedIn10Minutes: 60 },
  { nodes: Math.round(Math.E ** 6) - 1, askedIn10Minutes: 10 },
])('$nodes nodes ask $askedIn10Minutes times in 10 minutes each', async ({ nodes, askedIn10Minutes }) => {
  const range = vi.fn(async () => ({ entries: [], more: false, revision: 1, historyId: '' }))
  const stop = new AbortController()
  const watching = watchQuorum({
    transport: { range },
    period: { baseMs: 10_000, jitter: 0, growsWithCluster: true },
    nodeCount: () => nodes,
    random: () => 0.5,
    signal: stop.signal,
    lastConfirmedMs: () => Number.NEGATIVE_INFINITY,
    onConfirmed: () => {},
    onError: () => {},
  })
  await vi.advanceTimersByTimeAsync(10 * 60_000 + 5_000)
  expect(Math.abs(range.mock.calls.length - askedIn10Minutes)).toBeLessThanOrEqual(1)
  stop.abort(new Error('stopped'))
  await expect(watching).rejects.toThrow('stopped')
})
