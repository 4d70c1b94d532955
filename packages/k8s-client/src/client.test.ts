import { describe, expect, it } from 'vitest'
import {
  createJson,
  deleteJson,
  getJson,
  K8sApiError,
  type K8sCallEvent,
  openK8sClient,
  patchJson,
} from './index.ts'
import { failure, respond, startTestServer, writeKubeconfig } from './testing/index.ts'

const userAgent = 'axoneme-test/1'

async function failureOf(call: Promise<unknown>): Promise<K8sApiError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof K8sApiError)) throw new Error(`expected a K8sApiError, got ${String(error)}`)
  return error
}

async function open(
  server: { url: string },
  options: { requestTimeoutMs?: number; maxResponseBytes?: number } = {},
) {
  await using stack = new AsyncDisposableStack()
  const config = stack.use(await writeKubeconfig(server.url))
  const events: K8sCallEvent[] = []
  const client = stack.use(
    await openK8sClient({
      kubeconfigPath: config.path,
      userAgent,
      observe: (event) => events.push(event),
      ...options,
    }),
  )
  const owned = stack.move()
  return { client, events, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

describe('requests', () => {
  it('carry method, query, body, credentials and who asks', async () => {
    await using server = await startTestServer((_, response) => respond(response, 200, { ok: true }))
    await using opened = await open(server)
    const body = await patchJson(opened.client, '/api/v1/namespaces/a/pods/b', {
      type: 'merge',
      body: { x: 1 },
      query: { dryRun: 'All', left: undefined },
    })
    expect(body).toEqual({ ok: true })
    expect(server.received[0]).toMatchObject({
      method: 'PATCH',
      path: '/api/v1/namespaces/a/pods/b',
      body: '{"x":1}',
      headers: {
        authorization: 'Bearer secret',
        'user-agent': userAgent,
        'content-type': 'application/merge-patch+json',
      },
    })
    expect(server.received[0]?.query.toString()).toBe('dryRun=All')
    expect(opened.events).toMatchObject([
      { verb: 'patch', resource: 'pods', method: 'PATCH', code: '200', host: expect.stringMatching(/:\d+$/) },
    ])
  })

  it('go below the path of the server', async () => {
    await using server = await startTestServer((_, response) => respond(response, 200, {}))
    await using opened = await open({ url: `${server.url}/k8s/clusters/c-1/` })
    await getJson(opened.client, '/version')
    await createJson(opened.client, '/api/v1/namespaces', { body: {} })
    expect(server.received.map(({ path }) => path)).toEqual([
      '/k8s/clusters/c-1/version',
      '/k8s/clusters/c-1/api/v1/namespaces',
    ])
  })

  it('survive a server that closed the idle connection', async () => {
    let answered = 0
    await using server = await startTestServer((_, response) => {
      answered++
      // The second request arrives on a connection that dies without an answer.
      if (answered === 2) response.destroy()
      else respond(response, 200, { answered })
    })
    await using opened = await open(server)
    await getJson(opened.client, '/version')
    expect(await getJson(opened.client, '/version')).toEqual({ answered: 3 })
  })

  it('deleting what is not there is no failure', async () => {
    await using server = await startTestServer(({ path }, response) =>
      path.endsWith('here') ? respond(response, 200, {}) : respond(response, 404, failure(404, 'NotFound')),
    )
    await using opened = await open(server)
    expect(await deleteJson(opened.client, '/api/v1/nodes/here')).toBe(true)
    expect(await deleteJson(opened.client, '/api/v1/nodes/gone')).toBe(false)
  })
})

describe('failures', () => {
  it.each([
    { status: 404, reason: 'NotFound', retryable: false, hint: undefined },
    { status: 409, reason: 'Conflict', retryable: false, hint: undefined },
    { status: 410, reason: 'Expired', retryable: false, hint: undefined },
    { status: 401, reason: 'Unauthorized', retryable: false, hint: /credentials in .*config/ },
    { status: 403, reason: 'Forbidden', retryable: false, hint: /may not GET .*ClusterRole/ },
    { status: 429, reason: 'TooManyRequests', retryable: true, hint: undefined },
    { status: 503, reason: 'ServiceUnavailable', retryable: true, hint: undefined },
  ])('$status $reason: retry $retryable', async ({ status, reason, retryable, hint }) => {
    await using server = await startTestServer((_, response) =>
      respond(response, status, failure(status, reason, 'because'), { 'retry-after': '3' }),
    )
    await using opened = await open(server)
    const error = await failureOf(getJson(opened.client, '/api/v1/pods'))
    expect(error).toMatchObject({ code: 'K8S_API', status, reason, retryable, retryAfterMs: 3000 })
    expect(error.message).toBe(`GET /api/v1/pods: ${status} ${reason}: because`)
    if (hint === undefined) expect(error.hint).toBeUndefined()
    else expect(error.hint).toMatch(hint)
    expect(opened.events).toMatchObject([{ verb: 'list', resource: 'pods', code: String(status) }])
  })

  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toUTCString()
  it.each([
    { header: '3', atLeast: 3000, atMost: 3000 },
    // Dates have whole seconds.
    { header: inSeconds(60), atLeast: 40_000, atMost: 60_000 },
    { header: inSeconds(-60), atLeast: 0, atMost: 0 },
    { header: inSeconds(86_400 * 365), atLeast: 600_000, atMost: 600_000 },
    { header: '99999999999999999999', atLeast: 600_000, atMost: 600_000 },
    { header: '-5', atLeast: 0, atMost: 0 },
    { header: 'soon', atLeast: 7000, atMost: 7000 },
    { header: '', atLeast: 7000, atMost: 7000 },
  ])('Retry-After $header', async ({ header, atLeast, atMost }) => {
    await using server = await startTestServer((_, response) => {
      const status = { ...failure(429, 'TooManyRequests'), details: { retryAfterSeconds: 7 } }
      respond(response, 429, status, { 'retry-after': header })
    })
    await using opened = await open(server)
    const { retryAfterMs } = await failureOf(getJson(opened.client, '/api/v1/pods'))
    expect(retryAfterMs).toBeGreaterThanOrEqual(atLeast)
    expect(retryAfterMs).toBeLessThanOrEqual(atMost)
  })

  it('an answer that is no Status is quoted, and bounded', async () => {
    await using server = await startTestServer((_, response) => {
      response.writeHead(502, { 'content-type': 'text/html' })
      response.end(`<h1>Bad gateway</h1>${'x'.repeat(200_000)}`)
    })
    await using opened = await open(server)
    const error = await failureOf(getJson(opened.client, '/version'))
    expect(error).toMatchObject({ status: 502, reason: 'HTTP 502', retryable: true })
    expect(error.message).toContain('Bad gateway')
    expect(error.message.length).toBeLessThan(1200)
  })

  it('an apiserver that is away is named', async () => {
    const server = await startTestServer(() => {})
    await server[Symbol.asyncDispose]()
    await using opened = await open(server)
    const error = await failureOf(getJson(opened.client, '/version'))
    expect(error).toMatchObject({ status: 0, reason: 'NetworkError', retryable: true })
    expect(error.hint).toContain(server.url)
    expect(opened.events).toMatchObject([{ code: '<error>' }])
  })

  it('an apiserver that says nothing is given up', async () => {
    await using server = await startTestServer(() => {})
    await using opened = await open(server, { requestTimeoutMs: 50 })
    expect(await failureOf(getJson(opened.client, '/version'))).toMatchObject({
      reason: 'Timeout',
      retryable: true,
    })
  })

  it('a request that HTTP cannot carry is not blamed on the network', async () => {
    await using server = await startTestServer((_, response) => respond(response, 200, {}))
    await using opened = await open(server)
    expect(await failureOf(getJson(opened.client, '/api/v1/pods/a b'))).toMatchObject({
      reason: 'InvalidRequest',
      retryable: false,
      hint: undefined,
    })
    expect(server.received).toEqual([])
  })

  it('a body that is cut or too long is refused', async () => {
    await using server = await startTestServer(({ path }, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('x'.repeat(900))
      if (path === '/cut') setImmediate(() => response.destroy())
    })
    await using opened = await open(server, { maxResponseBytes: 899 })
    expect(await failureOf(getJson(opened.client, '/long'))).toMatchObject({
      reason: 'ResponseTooLarge',
      retryable: false,
    })
    await using wide = await open(server)
    expect(await failureOf(getJson(wide.client, '/cut'))).toMatchObject({ reason: 'NetworkError' })
  })

  it('an aborted call rejects with the reason of the abort', async () => {
    await using server = await startTestServer(() => {})
    await using opened = await open(server)
    const controller = new AbortController()
    const call = opened.client.request({ method: 'GET', path: '/version', signal: controller.signal })
    controller.abort(new Error('stop'))
    await expect(call).rejects.toThrow('stop')
    await expect(
      opened.client.request({ method: 'GET', path: '/version', signal: controller.signal }),
    ).rejects.toThrow('stop')
    expect(opened.events).toEqual([])
  })
})

describe('streams', () => {
  it('deliver chunks as they come and end when the server ends', async () => {
    const { promise: sawFirst, resolve } = Promise.withResolvers<void>()
    await using server = await startTestServer(async (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('one')
      await sawFirst
      response.end('two')
    })
    await using opened = await open(server, { requestTimeoutMs: 5000 })
    const stream = await opened.client.stream({ method: 'GET', path: '/api/v1/pods', query: { watch: true } })
    const seen: string[] = []
    for await (const chunk of stream.chunks) {
      seen.push(chunk.toString())
      resolve()
    }
    expect(seen).toEqual(['one', 'two'])
    expect(opened.events).toMatchObject([{ verb: 'watch', resource: 'pods', code: '200' }])
  })

  it('a cut is an error, an abort is its reason', async () => {
    await using server = await startTestServer(({ path }, response) => {
      response.writeHead(200)
      response.write('one')
      if (path === '/cut') setImmediate(() => response.destroy())
    })
    await using opened = await open(server)
    const drain = async (path: string, signal?: AbortSignal) => {
      const { chunks } = await opened.client.stream({ method: 'GET', path, signal })
      for await (const _ of chunks) if (signal !== undefined) controller.abort(new Error('stop'))
    }
    const controller = new AbortController()
    expect(await failureOf(drain('/cut'))).toMatchObject({ reason: 'NetworkError', retryable: true })
    await expect(drain('/wait', controller.signal)).rejects.toThrow('stop')
  })
})
