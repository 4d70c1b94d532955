import { describe, expect, it } from 'vitest'
import { Faults } from './faults.ts'
import { openTestServer } from './testing.ts'

const signal = new AbortController().signal

describe('the rate limit', () => {
  it('lets a burst through, then what the rate allows', async () => {
    let nowMs = 0
    const faults = new Faults(
      { rateLimit: { requestsPerSecond: 2, burst: 3 } },
      { now: () => nowMs, random: Math.random, compact: () => {} },
    )
    for (let i = 0; i < 3; i++) await faults.admit(signal)
    await expect(faults.admit(signal)).rejects.toMatchObject({
      httpCode: 429,
      details: { retryAfterSeconds: 1 },
    })
    nowMs += 500
    await faults.admit(signal)
    await expect(faults.admit(signal)).rejects.toMatchObject({ httpCode: 429 })
    faults.setRateLimit(undefined)
    await faults.admit(signal)
  })

  it('reaches clients with Retry-After', async () => {
    await using server = await openTestServer({ faults: { rateLimit: { requestsPerSecond: 0.1, burst: 1 } } })
    await server.request('GET', '/api/v1/pods')
    const refused = await server.request('GET', '/api/v1/pods')
    expect(refused).toMatchObject({ code: 429, body: { reason: 'TooManyRequests' } })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    server.server.faults.setRateLimit(undefined)
    expect((await server.request('GET', '/api/v1/pods')).code).toBe(200)
  })
})

describe('the share of calls that are cut', () => {
  it.each([
    { draws: [0.5], cut: 'none' },
    { draws: [0.05, 0.2], cut: 'request' },
    { draws: [0.05, 0.8], cut: 'answer' },
  ])('draws $draws: $cut', async ({ draws, cut }) => {
    const random = () => draws.shift() ?? Number.NaN
    const faults = new Faults({ cutShare: 0.1 }, { now: () => 0, random, compact: () => {} })
    expect(await faults.admit(signal)).toBe(cut)
  })

  it('cuts a request before it takes effect, or amid its answer', async () => {
    const draws = [0, 0.2, 0, 0.8]
    await using server = await openTestServer({
      faults: { cutShare: 0.1 },
      random: () => draws.shift() ?? 0.5,
    })
    const create = (name: string) =>
      server.request('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name } })
    await expect(create('unheard')).rejects.toThrow()
    await expect(create('unanswered')).rejects.toThrow()
    expect(draws).toEqual([])
    const { body } = await server.request('GET', '/api/v1/namespaces/default/configmaps')
    expect(body.items).toMatchObject([{ metadata: { name: 'unanswered' } }])
  })
})

it('latency ends with the server', async () => {
  const controller = new AbortController()
  const faults = new Faults({ latencyMs: 60_000 }, { now: () => 0, random: Math.random, compact: () => {} })
  const waiting = faults.admit(controller.signal)
  controller.abort(new Error('stopped'))
  await expect(waiting).rejects.toThrow('stopped')
})

it('a second listener serves the same objects, and everything ends with the server', async () => {
  const server = await openTestServer()
  const url = await server.server.addListener({ host: '127.0.0.1', port: 0 })
  expect(server.server.urls).toHaveLength(2)
  expect((await fetch(`${url}/api/v1/namespaces/default`)).status).toBe(200)
  const watching = await fetch(`${url}/api/v1/pods?watch=true`)
  await server[Symbol.asyncDispose]()
  await expect(watching.text()).rejects.toThrow()
  await expect(fetch(`${url}/readyz`)).rejects.toThrow()
})

it('an address that cannot be used is an error that names it', async () => {
  await using first = await openTestServer()
  const port = Number(new URL(first.server.url).port)
  await expect(openTestServer({ listen: { host: '127.0.0.1', port } })).rejects.toMatchObject({
    code: 'APISERVER_LISTEN',
    message: `listen on 127.0.0.1:${port}`,
  })
  await expect(openTestServer({ serviceCidrs: ['10.0.0.0/31'] })).rejects.toMatchObject({
    code: 'SERVICE_CIDR',
  })
})
