import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { CodedError } from '@axoneme/lifecycle'
import { createLogger } from '@axoneme/log'
import { describe, expect, it } from 'vitest'
import { createAgentClient } from './client.ts'
import type { CniHandlers } from './cni/handle.ts'
import { queuedDeletes } from './delete-queue.ts'
import { createApiLimiter } from './limits/api-limiter.ts'
import { defaultCallLimits } from './limits/call-limit.ts'
import type { ApiLimitEvent } from './limits/call-limiter.ts'
import type { AgentHandlers } from './routes.ts'
import type { MonitorRecord } from './schemas.ts'
import { startAgentApi } from './server.ts'
import { sampleHandlers, startTestApi } from './testing.ts'

/** One raw request, as hostile as need be. */
async function raw(
  socketPath: string,
  {
    body = '',
    ...options
  }: { method?: string; path?: string; headers?: Record<string, string>; body?: string },
) {
  const request = httpRequest({ socketPath, ...options })
  request.end(body)
  const [response] = await once(request, 'response')
  return { status: response.statusCode, headers: response.headers, body: await text(response) }
}

describe('routes', () => {
  it('answer through the typed client, each by its schema', async () => {
    await using api = await startTestApi(sampleHandlers())
    const client = createAgentClient(api)
    expect(await client.health()).toMatchObject({ ready: true })
    expect(await client.status()).toMatchObject({ node: 'node-1', counts: { endpoints: 1 } })
    expect(await client.operatorIntervals()).toMatchObject({ published: { by: 'operator-1' }, reason: '' })
    expect(await client.endpoints()).toMatchObject([{ id: 7, labels: { 'k8s:app': 'cart' } }])
    expect(await client.endpoint('7')).toMatchObject({ podName: 'cart-0' })
    expect(await client.endpoint('shop/cart-0')).toMatchObject({ id: 7 })
    expect(await client.identities()).toHaveLength(1)
    expect(await client.identity('300')).toMatchObject({ id: 300 })
    expect(await client.policies()).toMatchObject([{ entries: [{ rules: ['shop/allow-web'] }] }])
    expect(await client.services()).toMatchObject([{ backends: [{ state: 'active' }] }])
    expect(await client.nodes()).toMatchObject([{ routerIp: '10.0.1.1' }])
    expect(await client.ipcache()).toHaveLength(2)
    expect(await client.templates()).toMatchObject([{ program: 'lxc', endpoints: [7] }, { program: 'host' }])
    expect(await client.template('lxc')).toMatchObject({ slots: [{ name: 'EP_ID', bits: 32 }] })
    expect(await client.verifyTemplates()).toMatchObject([{ pod: 'shop/cart-0', programs: [{}] }])
    expect(await client.datapathMetrics()).toMatchObject([{ reason: 'Policy denied', packets: 3 }])
    expect(await client.metrics()).toContain('cilium_endpoint_count 1')
    expect(await client.openApi()).toMatchObject({ openapi: '3.1.0' })
  })

  it('describe themselves', async () => {
    await using api = await startTestApi(sampleHandlers(), { version: '9.9.9' })
    const document = (await createAgentClient(api).openApi()) as {
      info: { version: string }
      paths: Record<string, { get?: { parameters: object[]; responses: Record<string, unknown> } }>
    }
    expect(document.info.version).toBe('9.9.9')
    expect(Object.keys(document.paths)).toContain('/v1/cni')
    expect(document.paths['/v1/endpoint/{id}']?.get?.parameters).toMatchObject([{ name: 'id', in: 'path' }])
    expect(document.paths['/v1/policy/why']?.get?.parameters).toMatchObject([
      { name: 'endpoint', required: true },
      { name: 'direction', schema: { enum: ['ingress', 'egress'] } },
      { name: 'peer' },
      { name: 'protocol', required: false },
      { name: 'port', schema: { type: 'integer', maximum: 65535 } },
    ])
    const endpoints = document.paths['/v1/endpoint']?.get?.responses['200']
    expect(endpoints).toMatchObject({
      content: { 'application/json': { schema: { type: 'array', items: { required: expect.any(Array) } } } },
    })
  })

  it('explain verdicts for peers by identity, address and pod', async () => {
    await using api = await startTestApi(sampleHandlers())
    const client = createAgentClient(api)
    const query = { endpoint: 'shop/cart-0', direction: 'ingress', peer: '301', port: 80 } as const
    expect(await client.why(query)).toMatchObject({ allowed: true, endpointId: 7, peer: 301 })
    expect(await client.why({ ...query, peer: '10.0.2.9' })).toMatchObject({ peer: 301 })
    expect(await client.why({ ...query, peer: '192.0.2.77' })).toMatchObject({ peer: 2, allowed: false })
    expect(await client.why({ ...query, peer: 'shop/cart-0' })).toMatchObject({ peer: 300 })
    await expect(client.why({ ...query, peer: 'shop/nobody' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(client.why({ ...query, port: 70_000 })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      httpStatus: 400,
      message: expect.stringContaining('port'),
    })
  })

  it.each([
    ['a program', 'host', 'abc9999999999def0123456789abcdef'],
    ['a hash', 'abc0123456789def0123456789abcdef', 'abc0123456789def0123456789abcdef'],
    ['the beginning of one', 'abc99', 'abc9999999999def0123456789abcdef'],
  ])('find a template by %s', async (_what, name, hash) => {
    await using api = await startTestApi(sampleHandlers())
    expect(await createAgentClient(api).template(name)).toMatchObject({ hash })
  })

  it('prefer the running template of a program, then the one that was used last', async () => {
    const [running] = await sampleHandlers().templates()
    const old = { ...running!, hash: 'a'.repeat(32), running: false, lastUsedAt: '2030-01-01T00:00:00.000Z' }
    const older = { ...old, hash: 'b'.repeat(32), lastUsedAt: '2029-01-01T00:00:00.000Z' }
    for (const templates of [
      [older, old, running!],
      [older, old],
    ]) {
      await using api = await startTestApi(sampleHandlers({ templates: async () => templates }))
      const found = await createAgentClient(api).template('lxc')
      expect(found.hash).toBe(templates.at(-1)?.hash)
    }
  })

  it('say which template is not there, or which of several is meant', async () => {
    const [template] = await sampleHandlers().templates()
    const templates = async () => [template!, { ...template!, hash: `${template!.hash.slice(0, 31)}0` }]
    const gone = { templates, describeTemplate: async () => undefined }
    await using api = await startTestApi(sampleHandlers(gone))
    const client = createAgentClient(api)
    const hint = expect.stringContaining('axo bpf template list')
    for (const name of ['abc', 'xyz0', '..%2f..', '']) {
      await expect(client.template(name)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
    await expect(client.template('frobnicate')).rejects.toMatchObject({ hint })
    await expect(client.template('abc01')).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: '2 templates begin with abc01',
    })
    await expect(client.template('lxc')).rejects.toMatchObject({
      message: `no whole template ${template!.hash}`,
    })
  })

  it('verify all endpoints, also when some cannot be', async () => {
    const [first] = sampleHandlers().endpoints()
    const handlers = sampleHandlers({
      endpoints: () => [first!, { ...first!, id: 8, podName: 'cart-1' }],
      checkTemplate: async (row) => {
        if (row.id === 8) throw new CodedError('TEST', 'verify endpoint 8')
        return sampleHandlers().checkTemplate(row)
      },
    })
    await using api = await startTestApi(handlers)
    const client = createAgentClient(api)
    expect(await client.verifyTemplates()).toMatchObject([
      { endpointId: 7, programs: [{ outcome: 'same' }] },
      { endpointId: 8, pod: 'shop/cart-1', programs: [], problem: 'verify endpoint 8' },
    ])
    expect(await client.verifyTemplates('shop/cart-0')).toMatchObject([{ endpointId: 7 }])
    await expect(client.verifyTemplates('8')).rejects.toMatchObject({ code: 'TEST' })
    await expect(client.verifyTemplates('9')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('verify one call after the other, and say when too many wait', async () => {
    const one = { ratePerSecond: 0, rateBurst: 1, parallelRequests: 1, maxWaitMs: 50 }
    const limiter = createApiLimiter({ ...defaultCallLimits, 'endpoint-verify': one })
    const started = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<void>()
    const checkTemplate: AgentHandlers['checkTemplate'] = async (row) => {
      started.resolve()
      await finish.promise
      return await sampleHandlers().checkTemplate(row)
    }
    await using api = await startTestApi(sampleHandlers({ checkTemplate }), { limiter })
    const client = createAgentClient(api)
    const first = client.verifyTemplates()
    await started.promise
    const hint = 'the option api-rate-limit says how many may'
    await expect(client.verifyTemplates()).rejects.toMatchObject({ code: 'API_LIMIT', httpStatus: 429, hint })
    expect(await client.endpoints()).toHaveLength(1)
    finish.resolve()
    expect(await first).toHaveLength(1)
    expect(await client.verifyTemplates()).toHaveLength(1)
  })

  it('say what is missing or wrong, and are observed by their templates', async () => {
    await using api = await startTestApi(
      sampleHandlers({
        nodes: () => {
          throw new TypeError('a bug')
        },
        health: () => ({ ready: false, step: 'kvstore', detail: 'etcd is away' }),
      }),
    )
    const client = createAgentClient(api)
    await expect(client.endpoint('8')).rejects.toMatchObject({ code: 'NOT_FOUND', httpStatus: 404 })
    await expect(client.identity('%')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(client.nodes()).rejects.toMatchObject({ code: 'INTERNAL', httpStatus: 500 })
    expect(await client.health()).toEqual({ ready: false, step: 'kvstore', detail: 'etcd is away' })
    expect(await raw(api.socketPath, { path: '/v1/healthz' })).toMatchObject({ status: 503 })
    expect(await raw(api.socketPath, { path: '/' })).toMatchObject({ status: 404 })
    expect(await raw(api.socketPath, { path: '//' })).toMatchObject({ status: 404 })
    expect(await raw(api.socketPath, { path: '/v1/identity/%' })).toMatchObject({ status: 404 })
    expect(await raw(api.socketPath, { path: '/v1/node', method: 'DELETE' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET' },
    })
    expect(api.logged.filter((event) => event.level === 'error')).toHaveLength(1)
    await expect.poll(() => api.observed.length).toBe(9)
    expect(api.observed.map(({ method, path, code }) => `${method} ${path} ${code}`)).toEqual([
      'GET /v1/endpoint/{id} 404',
      'GET /v1/identity/{id} 404',
      'GET /v1/node 500',
      'GET /v1/healthz 503',
      'GET /v1/healthz 503',
      'GET unknown 404',
      'GET unknown 404',
      'GET /v1/identity/{id} 404',
      'DELETE /v1/node 405',
    ])
  })

  it('stream lists that are longer than a chunk', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => ({
      cidr: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}/32`,
      identity: i,
      tunnelEndpoint: '',
      encryptKey: 0,
    }))
    await using api = await startTestApi(sampleHandlers({ ipcache: () => rows.values() }))
    expect(await createAgentClient(api).ipcache()).toEqual(rows)
  })
})

describe('CNI over HTTP', () => {
  const headers = {
    'x-cni-command': 'ADD',
    'x-cni-containerid': 'abc',
    'x-cni-netns': '/run/netns/abc',
    'x-cni-ifname': 'eth0',
  }
  const body = JSON.stringify({ cniVersion: '1.0.0', name: 'axoneme' })
  const post = { method: 'POST', path: '/v1/cni', headers, body }

  it('answers with the bare result', async () => {
    await using api = await startTestApi(sampleHandlers())
    const answer = await raw(api.socketPath, post)
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.body)).toMatchObject({ cniVersion: '1.0.0', ips: [{ address: '10.0.1.7/32' }] })
    expect(answer.headers['content-length']).toBe(String(answer.body.length))
    const empty = await raw(api.socketPath, { ...post, headers: { ...headers, 'x-cni-command': 'DEL' } })
    expect(empty).toMatchObject({ status: 200, body: '', headers: { 'content-length': '0' } })
  })

  it('logs failures once', async () => {
    await using api = await startTestApi(
      sampleHandlers({ cni: { add: () => Promise.reject(new Error('no')) } }),
    )
    expect((await raw(api.socketPath, post)).status).toBe(500)
    const warnings = api.logged.filter((event) => event.level === 'warn')
    expect(warnings).toMatchObject([{ fields: { command: 'ADD', container: 'abc', error: 'no' } }])
  })

  it('refuses more than 1 MiB', async () => {
    await using api = await startTestApi(sampleHandlers())
    const answer = await raw(api.socketPath, { ...post, body: ' '.repeat((1 << 20) + 1) })
    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 5 })
  })

  const untilAborted = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

  it('tells the handler when time is up, and the caller to try again', async () => {
    await using api = await startTestApi(
      sampleHandlers({ cni: { add: (_, signal) => untilAborted(signal) } }),
      {
        cniTimeoutMs: 20,
      },
    )
    const answer = await raw(api.socketPath, post)
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 11 })
  })

  it('tells the handler when the caller goes away', async () => {
    const started = Promise.withResolvers<void>()
    const aborted = Promise.withResolvers<unknown>()
    const add = (_: unknown, signal: AbortSignal) => {
      started.resolve()
      return untilAborted(signal).catch((reason) => {
        aborted.resolve(reason)
        throw reason
      })
    }
    await using api = await startTestApi(sampleHandlers({ cni: { add } }))
    const request = httpRequest({ socketPath: api.socketPath, ...post })
    request.on('error', () => {})
    request.end(body)
    await started.promise
    request.destroy()
    expect(await aborted.promise).toMatchObject({ name: 'AbortError' })
  })

  it('holds back what changes the node, and tells the caller to try again', async () => {
    const events: ApiLimitEvent[] = []
    const observe = (event: ApiLimitEvent) => events.push(event)
    const one = { ratePerSecond: 0, rateBurst: 1, parallelRequests: 1, maxWaitMs: 50 }
    const limiter = createApiLimiter({ ...defaultCallLimits, 'endpoint-create': one }, { observe })
    const started = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<void>()
    const { cni } = sampleHandlers()
    const add: CniHandlers['add'] = async (request, signal) => {
      started.resolve()
      await finish.promise
      return await cni.add(request, signal)
    }
    await using api = await startTestApi(sampleHandlers({ cni: { add } }), { limiter })
    const served = raw(api.socketPath, post)
    await started.promise
    const refused = await raw(api.socketPath, post)
    expect(refused.status).toBe(429)
    expect(JSON.parse(refused.body)).toMatchObject({
      code: 11,
      msg: 'begin endpoint-create: 1 are served and 1 wait',
      details: 'the option api-rate-limit says how many may',
    })
    for (const command of ['DEL', 'CHECK', 'STATUS']) {
      const other = await raw(api.socketPath, { ...post, headers: { ...headers, 'x-cni-command': command } })
      expect(other.status, command).not.toBe(429)
    }
    const broken = await raw(api.socketPath, { ...post, body: '{' })
    expect(broken.status).toBe(400)
    finish.resolve()
    expect((await served).status).toBe(200)
    await expect
      .poll(() => events.map(({ call, outcome, returnCode }) => `${call} ${outcome} ${returnCode}`))
      .toEqual([
        'endpoint-create fail-parallel-wait 429',
        'endpoint-delete success 200',
        'endpoint-create success 200',
      ])
    expect(limiter.states().map(({ inFlight, waiting }) => inFlight + waiting)).toEqual([0, 0, 0])
  })

  it('gives the place back when the caller goes away', async () => {
    const events: ApiLimitEvent[] = []
    const limiter = createApiLimiter(defaultCallLimits, { observe: (event) => events.push(event) })
    const started = Promise.withResolvers<void>()
    const add = (_: unknown, signal: AbortSignal) => {
      started.resolve()
      return untilAborted(signal)
    }
    await using api = await startTestApi(sampleHandlers({ cni: { add } }), { limiter })
    const request = httpRequest({ socketPath: api.socketPath, ...post })
    request.on('error', () => {})
    request.end(body)
    await started.promise
    expect(limiter.states()[0]).toMatchObject({ call: 'endpoint-create', inFlight: 1 })
    request.destroy()
    await expect.poll(() => limiter.states()[0]).toMatchObject({ inFlight: 0 })
    expect(events).toMatchObject([{ call: 'endpoint-create', outcome: 'fail' }])
  })

  it('ends running calls when the agent stops', async () => {
    const started = Promise.withResolvers<void>()
    const add = (_: unknown, signal: AbortSignal) => {
      started.resolve()
      return untilAborted(signal)
    }
    const api = await startTestApi(sampleHandlers({ cni: { add } }))
    const answer = raw(api.socketPath, post)
    await started.promise
    await api[Symbol.asyncDispose]()
    expect(await answer).toMatchObject({ status: 503, body: expect.stringContaining('"code":11') })
    expect(existsSync(api.socketPath)).toBe(false)
  })
})

describe('monitor', () => {
  it('streams events, and ends the subscription with the reader', async () => {
    const listeners = new Set<(event: MonitorRecord) => void>()
    const monitor = (listener: (event: MonitorRecord) => void) => {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    }
    await using api = await startTestApi(sampleHandlers({ monitor }))
    const stop = new AbortController()
    const seen: MonitorRecord[] = []
    const reading = (async () => {
      for await (const event of createAgentClient(api).monitor(stop.signal)) seen.push(event)
    })()
    await expect.poll(() => listeners.size).toBe(1)
    for (const listener of listeners) {
      listener({ type: 'drop', reason: 'Policy denied' })
      listener({ type: 'trace', bytes: 2n ** 60n })
    }
    await expect
      .poll(() => seen)
      .toEqual([
        { type: 'drop', reason: 'Policy denied' },
        { type: 'trace', bytes: String(2n ** 60n) },
      ])
    stop.abort()
    await reading
    await expect.poll(() => listeners.size).toBe(0)
  })

  it('drops for a slow reader only, and says how much', async () => {
    let emit: ((event: MonitorRecord) => void) | undefined
    const monitor = (listener: (event: MonitorRecord) => void) => {
      emit = listener
      return { [Symbol.dispose]: () => {} }
    }
    await using api = await startTestApi(sampleHandlers({ monitor }))
    const client = connect({ path: api.socketPath })
    client.write('GET /v1/monitor HTTP/1.1\r\nHost: agent\r\n\r\n')
    await expect.poll(() => emit).toBeDefined()
    client.pause()
    const padding = 'x'.repeat(1000)
    const sent = 30_000
    for (let i = 0; i < sent; i++) {
      emit?.({ type: 'trace', padding })
      if (i % 1000 === 0) await new Promise(setImmediate)
    }
    let received = ''
    client.on('data', (data) => (received += data)).resume()
    await expect.poll(() => received.includes('"lost"'), { timeout: 10_000 }).toBe(true)
    await expect
      .poll(() => {
        const traces = received.split('"trace"').length - 1
        const lost = [...received.matchAll(/"lost","count":(\d+)/g)].reduce(
          (sum, match) => sum + Number(match[1]),
          0,
        )
        return traces + lost
      })
      .toBe(sent)
    client.destroy()
  })

  it('says that it is not ready', async () => {
    const monitor = () => {
      throw new CodedError('NOT_READY', 'the monitor starts', { retryable: true })
    }
    await using api = await startTestApi(sampleHandlers({ monitor }))
    const reading = createAgentClient(api)
      .monitor(new AbortController().signal)
      [Symbol.asyncIterator]()
      .next()
    await expect(reading).rejects.toMatchObject({ code: 'NOT_READY', httpStatus: 503 })
  })

  it('bounds the number of readers', async () => {
    let count = 0
    const monitor = () => {
      count++
      return { [Symbol.dispose]: () => {} }
    }
    await using api = await startTestApi(sampleHandlers({ monitor }))
    const stop = new AbortController()
    const readers = Array.from({ length: 16 }, async () => {
      for await (const _ of createAgentClient(api).monitor(stop.signal));
    })
    await expect.poll(() => count).toBe(16)
    const answer = await raw(api.socketPath, { path: '/v1/monitor' })
    expect(answer).toMatchObject({ status: 503, body: expect.stringContaining('TOO_MANY_MONITORS') })
    stop.abort()
    await Promise.all(readers)
  })
})

describe('the socket', () => {
  it('is for its owner only', async () => {
    await using api = await startTestApi(sampleHandlers())
    expect(statSync(api.socketPath).mode & 0o777).toBe(0o600)
    expect(statSync(dirname(api.socketPath)).mode & 0o777).toBe(0o700)
  })

  it('is not taken from a living agent', async () => {
    await using api = await startTestApi(sampleHandlers())
    const second = startAgentApi({
      socketPath: api.socketPath,
      handlers: sampleHandlers(),
      log: createLogger({ sink: () => {} }),
      signal: new AbortController().signal,
    })
    await expect(second).rejects.toMatchObject({ code: 'SOCKET_IN_USE' })
    expect(await createAgentClient(api).health()).toMatchObject({ ready: true })
  })

  it('is taken over from a dead one', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'axo-api-'))
    const socketPath = join(directory, 'agent.sock')
    const dead = createServer()
    dead.listen(socketPath)
    await once(dead, 'listening')
    // Closing removes the file: keep it, as a killed process does.
    const kept = join(directory, 'kept')
    renameSync(socketPath, kept)
    dead.close()
    await once(dead, 'close')
    renameSync(kept, socketPath)
    const stop = new AbortController()
    const options = { socketPath, handlers: sampleHandlers(), log: createLogger({ sink: () => {} }) }
    {
      await using _ = await startAgentApi({ ...options, signal: stop.signal })
      expect(await createAgentClient({ socketPath }).health()).toMatchObject({ ready: true })
    }
    rmSync(directory, { recursive: true })
  })

  it('is missing when no agent runs, which the client says', async () => {
    const socketPath = join(tmpdir(), `axo-nobody-${process.pid}.sock`)
    await expect(createAgentClient({ socketPath }).health()).rejects.toMatchObject({
      code: 'AGENT_UNREACHABLE',
      message: expect.stringContaining(socketPath),
      hint: expect.any(String),
    })
  })

  it('ends with the signal', async () => {
    const stop = new AbortController()
    await using api = await startTestApi(sampleHandlers(), { signal: stop.signal })
    stop.abort()
    await expect.poll(() => existsSync(api.socketPath)).toBe(false)
  })
})

it('reads the queue of deletions, and leaves what it does not understand', () => {
  const directory = mkdtempSync(join(tmpdir(), 'axo-api-'))
  const socketPath = join(directory, 'agent.sock')
  const problems: string[] = []
  const report = (problem: Error) => problems.push(problem.message)
  expect(queuedDeletes(socketPath, report)).toEqual([])
  const queue = join(directory, 'deletes')
  mkdirSync(queue)
  chmodSync(queue, 0o700)
  writeFileSync(join(queue, 'a.eth0.json'), '{"containerId":"a","ifName":"eth0","netns":"/x"}')
  writeFileSync(join(queue, 'broken.json'), '{"containerId":1}')
  writeFileSync(join(queue, 'long.json'), ' '.repeat(20_000))
  writeFileSync(join(queue, '.4711'), '{"contai')
  const queued = queuedDeletes(socketPath, report)
  expect(queued).toMatchObject([{ attachment: { containerId: 'a', ifName: 'eth0' }, netnsPath: '/x' }])
  expect(problems).toEqual([expect.stringContaining('broken.json'), expect.stringContaining('long.json')])
  queued[0]?.done()
  expect(queuedDeletes(socketPath, report)).toEqual([])
  expect(existsSync(join(queue, 'broken.json'))).toBe(true)
  rmSync(directory, { recursive: true })
})
