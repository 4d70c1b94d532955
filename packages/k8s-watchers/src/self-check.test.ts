import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Comparison } from './comparison.ts'
import { type SelfCheckOptions, startSelfCheck } from './self-check.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const second = 1000
const options = {
  period: { baseMs: 100 * second, jitter: 0.5 },
  afterCut: { perNodeMs: second, maxMs: 50 * second },
  nodeCount: () => 20,
} satisfies SelfCheckOptions

/** Gives what each comparison found, and when it ran. */
function start(outcomes: Comparison['outcome'][] = [], overrides: Partial<SelfCheckOptions> = {}) {
  const startedMs = Date.now()
  const ranAtSeconds: number[] = []
  const selfCheck = startSelfCheck({
    options: { ...options, ...overrides },
    random: () => 0.5,
    compare: async () => {
      ranAtSeconds.push((Date.now() - startedMs) / second)
      return outcomes.shift() ?? 'equal'
    },
  })
  return { selfCheck, ranAtSeconds }
}

it('runs once a period until it is disposed', async () => {
  const { selfCheck, ranAtSeconds } = start()
  await vi.advanceTimersByTimeAsync(250 * second)
  expect(ranAtSeconds).toEqual([100, 200])
  await selfCheck[Symbol.asyncDispose]()
  await vi.advanceTimersByTimeAsync(1000 * second)
  expect(ranAtSeconds).toHaveLength(2)
})

it('grows rarer with the cluster', async () => {
  const period = { ...options.period, growsWithCluster: true }
  const { selfCheck, ranAtSeconds } = start([], { period })
  await vi.advanceTimersByTimeAsync(400 * second)
  expect(ranAtSeconds).toEqual([Math.log1p(20) * 100].map((value) => expect.closeTo(value, 0)))
  await selfCheck[Symbol.asyncDispose]()
})

it('runs sooner after a cut, once for several, spread over the cluster', async () => {
  const { selfCheck, ranAtSeconds } = start()
  for (let i = 0; i < 5; i++) {
    selfCheck.cut()
    await vi.advanceTimersByTimeAsync(second)
  }
  // Three seconds of rest, and half of 20 nodes times a second.
  await vi.advanceTimersByTimeAsync(60 * second)
  expect(ranAtSeconds).toEqual([13])
  await vi.advanceTimersByTimeAsync(60 * second)
  expect(ranAtSeconds).toEqual([13, 113])
  await selfCheck[Symbol.asyncDispose]()
})

it.each([
  { outcomes: ['unknown', 'equal'], ranAt: [13, 26] },
  { outcomes: ['unknown', 'unknown', 'unknown', 'unknown', 'unknown'], ranAt: [13, 26, 39, 52] },
] as const)(
  'after a cut the server is asked again when it does not say: $outcomes',
  async ({ outcomes, ranAt }) => {
    const { selfCheck, ranAtSeconds } = start([...outcomes])
    selfCheck.cut()
    await vi.advanceTimersByTimeAsync(100 * second)
    expect(ranAtSeconds).toEqual(ranAt)
    await selfCheck[Symbol.asyncDispose]()
  },
)

it('a cut does not put off what is due before', async () => {
  const { selfCheck, ranAtSeconds } = start()
  await vi.advanceTimersByTimeAsync(95 * second)
  selfCheck.cut()
  await vi.advanceTimersByTimeAsync(10 * second)
  expect(ranAtSeconds).toEqual([100])
  await selfCheck[Symbol.asyncDispose]()
})

it('who finds differences that a list does not confirm is asked less often', async () => {
  const { selfCheck, ranAtSeconds } = start(['differs', 'differs'])
  await vi.advanceTimersByTimeAsync(100 * second)
  selfCheck.confirmed(false)
  await vi.advanceTimersByTimeAsync(100 * second)
  selfCheck.confirmed(false)
  // The one after next was due already; then four periods, then one again for what was equal.
  await vi.advanceTimersByTimeAsync(1100 * second)
  expect(ranAtSeconds.slice(0, 3)).toEqual([100, 200, 400])
  expect(ranAtSeconds).toContain(900)
  await selfCheck[Symbol.asyncDispose]()
})

it('a comparison that takes long is ended with the self-check', async () => {
  let aborted = false
  const selfCheck = startSelfCheck({
    options,
    compare: (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted = true
          reject(signal.reason)
        })
      }),
  })
  await vi.advanceTimersByTimeAsync(200 * second)
  await selfCheck[Symbol.asyncDispose]()
  expect(aborted).toBe(true)
})
