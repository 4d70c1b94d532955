import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { SingleFlight } from './single-flight.ts'

/** Work that ends when it is told to, and says what happened to it. */
function controlledWork() {
  const end = Promise.withResolvers<string>()
  const state = { starts: 0, aborted: false }
  const work = (signal: AbortSignal) => {
    state.starts++
    signal.addEventListener('abort', () => {
      state.aborted = true
      end.reject(signal.reason)
    })
    return end.promise
  }
  return { state, work, end }
}

function caller(flights: SingleFlight<string>, work: (signal: AbortSignal) => Promise<string>) {
  const controller = new AbortController()
  const outcome = flights.run('key', work, controller.signal).catch((error: Error) => error.name)
  return { outcome, leave: () => controller.abort() }
}

describe('SingleFlight', () => {
  it('runs once for all; each can leave, also the one that began it, and the last one stops it', async () => {
    await using flights = new SingleFlight<string>()
    const { state, work } = controlledWork()
    const [first, second] = [caller(flights, work), caller(flights, work)]
    first.leave()
    expect(await first.outcome).toBe('AbortError')
    await setImmediate()
    expect(state).toEqual({ starts: 1, aborted: false })
    second.leave()
    expect(await second.outcome).toBe('AbortError')
    expect(state.aborted).toBe(true)
  })

  it('gives its outcome to who stayed, and begins anew for who comes later', async () => {
    await using flights = new SingleFlight<string>()
    const { state, work, end } = controlledWork()
    const [first, second] = [caller(flights, work), caller(flights, work)]
    first.leave()
    end.resolve('done')
    expect([await first.outcome, await second.outcome]).toEqual(['AbortError', 'done'])
    expect(await caller(flights, work).outcome).toBe('done')
    expect(state.starts).toBe(2)
  })

  it('is aborted, and waited for, when the flights are disposed', async () => {
    const flights = new SingleFlight<string>()
    const { state, work } = controlledWork()
    const { outcome } = caller(flights, work)
    await flights[Symbol.asyncDispose]()
    expect(state.aborted).toBe(true)
    expect(await outcome).toBe('AbortError')
  })
})
