import fc from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type CallLimit, defaultCallLimits } from './call-limit.ts'
import { type ApiLimitEvent, type CallLimiter, createCallLimiter, type Place } from './call-limiter.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const none: CallLimit = { ratePerSecond: 0, rateBurst: 1, parallelRequests: 0, maxWaitMs: 0 }
const never = new AbortController().signal

function limiterOf(limit: Partial<CallLimit>): { limiter: CallLimiter; events: ApiLimitEvent[] } {
  const events: ApiLimitEvent[] = []
  const observe = (event: ApiLimitEvent) => events.push(event)
  const limiter = createCallLimiter({ call: 'endpoint-create', limit: { ...none, ...limit }, observe })
  return { limiter, events }
}

/** Callers by number: who got in, in which order, and who was refused. */
function callers(limiter: CallLimiter) {
  const entered: number[] = []
  const failed: unknown[] = []
  const places = new Map<number, Place>()
  return {
    ...{ entered, failed, places },
    async call(number: number, signal = never) {
      await limiter.enter(signal).then(
        (place) => {
          entered.push(number)
          places.set(number, place)
        },
        (error: unknown) => failed.push(error),
      )
    },
  }
}

const settle = () => vi.advanceTimersByTimeAsync(0)

it('lets everybody in at once without limits', async () => {
  const { limiter } = limiterOf({})
  const all = callers(limiter)
  await Promise.all(Array.from({ length: 1000 }, (_, i) => all.call(i)))
  expect(all.entered).toHaveLength(1000)
  expect(limiter.state()).toMatchObject({ inFlight: 1000, waiting: 0, meanWaitMs: 0 })
  expect(vi.getTimerCount()).toBe(0)
})

it.each(['endpoint-create', 'endpoint-delete'] as const)(
  'holds back no kubelet by default: %s',
  async (call) => {
    const limiter = createCallLimiter({ call, limit: defaultCallLimits[call] })
    // As many pods as a kubelet has by default, all at once; then one by one as many as some nodes have.
    const atOnce = callers(limiter)
    for (let i = 0; i < 110; i++) void atOnce.call(i)
    await settle()
    expect(atOnce.entered).toHaveLength(110)
    for (const place of atOnce.places.values()) place.leave(200)
    for (let i = 0; i < 390; i++) (await limiter.enter(never)).leave(200)
    expect(limiter.state()).toMatchObject({ inFlight: 0, meanWaitMs: 0 })
  },
)

it('serves so many at a time, in order of arrival', async () => {
  const { limiter, events } = limiterOf({ parallelRequests: 2 })
  const all = callers(limiter)
  for (let i = 0; i < 5; i++) void all.call(i)
  await settle()
  expect(all.entered).toEqual([0, 1])
  expect(limiter.state()).toMatchObject({ inFlight: 2, waiting: 3 })
  await vi.advanceTimersByTimeAsync(40)
  all.places.get(1)?.leave(200)
  all.places.get(1)?.leave(200)
  await settle()
  expect(all.entered).toEqual([0, 1, 2])
  all.places.get(0)?.leave(500)
  all.places.get(2)?.leave(200)
  await settle()
  expect(all.entered).toEqual([0, 1, 2, 3, 4])
  expect(events.map(({ outcome, returnCode, waitMs }) => [outcome, returnCode, waitMs])).toEqual([
    ['success', 200, 0],
    ['fail', 500, 0],
    ['success', 200, 40],
  ])
  expect(limiter.state()).toMatchObject({ meanWaitMs: 40 / 3, meanProcessingMs: 80 / 3 })
})

it('begins so many in a second, after a burst', async () => {
  const { limiter } = limiterOf({ ratePerSecond: 10, rateBurst: 3 })
  const all = callers(limiter)
  for (let i = 0; i < 6; i++) void all.call(i)
  await settle()
  expect(all.entered).toEqual([0, 1, 2])
  await vi.advanceTimersByTimeAsync(99)
  expect(all.entered).toEqual([0, 1, 2])
  await vi.advanceTimersByTimeAsync(1)
  expect(all.entered).toEqual([0, 1, 2, 3])
  await vi.advanceTimersByTimeAsync(200)
  expect(all.entered).toEqual([0, 1, 2, 3, 4, 5])
  expect(vi.getTimerCount()).toBe(0)
})

it('refuses who waited too long for a place', async () => {
  const { limiter, events } = limiterOf({ parallelRequests: 1, maxWaitMs: 100 })
  const all = callers(limiter)
  void all.call(0)
  void all.call(1)
  await vi.advanceTimersByTimeAsync(60)
  void all.call(2)
  await vi.advanceTimersByTimeAsync(40)
  expect(all.failed).toMatchObject([
    { code: 'API_LIMIT', retryable: true, message: 'begin endpoint-create: 1 are served and 2 wait' },
  ])
  expect(events).toEqual([
    { call: 'endpoint-create', outcome: 'fail-parallel-wait', returnCode: 429, waitMs: 100 },
  ])
  all.places.get(0)?.leave(200)
  await settle()
  expect(all.entered).toEqual([0, 2])
})

it('refuses at once who would wait too long for the rate', async () => {
  const { limiter, events } = limiterOf({ ratePerSecond: 10, rateBurst: 1, maxWaitMs: 250 })
  const all = callers(limiter)
  for (let i = 0; i < 4; i++) void all.call(i)
  await settle()
  expect(all.failed).toHaveLength(1)
  expect(events).toMatchObject([{ outcome: 'fail-limit-wait', waitMs: 0, returnCode: 429 }])
  await vi.advanceTimersByTimeAsync(250)
  expect(all.entered).toEqual([0, 1, 2])
})

it('forgets who gives up, and nobody else', async () => {
  const { limiter, events } = limiterOf({ ratePerSecond: 10, rateBurst: 1, maxWaitMs: 1000 })
  const all = callers(limiter)
  const [first, third] = [new AbortController(), new AbortController()]
  void all.call(0)
  void all.call(1, first.signal)
  void all.call(2)
  void all.call(3, third.signal)
  void all.call(4)
  await vi.advanceTimersByTimeAsync(50)
  first.abort(new Error('gone'))
  third.abort(new Error('gone too'))
  await vi.advanceTimersByTimeAsync(50)
  expect(all.entered).toEqual([0, 2])
  await vi.advanceTimersByTimeAsync(100)
  expect(all.entered).toEqual([0, 2, 4])
  expect(all.failed).toMatchObject([{ message: 'gone' }, { message: 'gone too' }])
  const cancelled = { outcome: 'request-cancelled', returnCode: 499, waitMs: 50 }
  expect(events).toMatchObject([cancelled, cancelled])
  await expect(limiter.enter(first.signal)).rejects.toThrow('gone')
  expect(limiter.state()).toMatchObject({ inFlight: 3, waiting: 0 })
})

it('leaves no timer when nobody waits any more', async () => {
  const { limiter } = limiterOf({ ratePerSecond: 1, rateBurst: 1, maxWaitMs: 5000 })
  const all = callers(limiter)
  const stop = new AbortController()
  for (let i = 0; i < 3; i++) void all.call(i, stop.signal)
  await settle()
  stop.abort()
  await settle()
  expect(all.entered).toEqual([0])
  expect(vi.getTimerCount()).toBe(0)
})

it('keeps both limits and the order whatever happens, and leaves no timer', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('call' as const), aborted: fc.boolean() }),
    fc.record({ kind: fc.constant('leave' as const) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 400 }) }),
  )
  const limit = fc.record({
    ratePerSecond: fc.integer({ min: 1, max: 50 }),
    rateBurst: fc.integer({ min: 1, max: 5 }),
    parallelRequests: fc.integer({ min: 1, max: 4 }),
    maxWaitMs: fc.integer({ min: 1, max: 1000 }),
  })
  await fc.assert(
    fc.asyncProperty(limit, fc.array(step, { maxLength: 40 }), async (limits, steps) => {
      const { limiter } = limiterOf(limits)
      const beganMs: number[] = []
      const order: number[] = []
      const places: Place[] = []
      const aborts: AbortController[] = []
      const calls: Promise<void>[] = []
      for (const [number, action] of steps.entries()) {
        if (action.kind === 'wait') await vi.advanceTimersByTimeAsync(action.ms)
        else if (action.kind === 'leave') places.shift()?.leave(200)
        else {
          const abort = new AbortController()
          if (action.aborted) aborts.push(abort)
          const entered = (place: Place) => {
            beganMs.push(performance.now())
            order.push(number)
            places.push(place)
          }
          calls.push(limiter.enter(abort.signal).then(entered, () => {}))
        }
        await settle()
        if (number % 7 === 6) aborts.shift()?.abort()
        expect(limiter.state().inFlight).toBeLessThanOrEqual(limits.parallelRequests)
      }
      for (let i = 0; i < 60; i++) {
        places.shift()?.leave(200)
        await vi.advanceTimersByTimeAsync(1000)
      }
      await Promise.all(calls)
      expect(order).toEqual([...order].sort((a, b) => a - b))
      for (const [i, from] of beganMs.entries()) {
        for (const [j, to] of beganMs.slice(i).entries()) {
          const allowed = limits.rateBurst + ((to - from) * limits.ratePerSecond) / 1000
          expect(j + 1).toBeLessThanOrEqual(Math.floor(allowed + 1e-6))
        }
      }
      expect(limiter.state()).toMatchObject({ inFlight: 0, waiting: 0 })
      expect(vi.getTimerCount()).toBe(0)
    }),
    { numRuns: 60 },
  )
})
