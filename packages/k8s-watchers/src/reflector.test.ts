import { openK8sClient } from '@axoneme/k8s-client'
import { writeKubeconfig } from '@axoneme/k8s-client/testing'
import { createLogger } from '@axoneme/log'
import { createInterner, objectKey, podDecoder } from '@axoneme/slim-types'
import { createTable } from '@axoneme/tables'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPodTable, jsonDecoder, startReflector } from './index.ts'
import { brokenNodeName } from './testing/encode.ts'
import { PodServer } from './testing/pod-server.ts'
import { expectEqual, retry, settle, start, until } from './testing/started.ts'

const listCount = (server: PodServer) => server.received.filter(({ query }) => !query.has('watch')).length

describe.each([
  { name: 'protobuf', hasProtobuf: true, refusesProtobuf: false },
  { name: 'JSON by content type', hasProtobuf: false, refusesProtobuf: false },
  { name: 'JSON after 406', hasProtobuf: false, refusesProtobuf: true },
])('over $name', ({ hasProtobuf, refusesProtobuf }) => {
  it('lists in pages, then follows the events', async () => {
    await using server = await PodServer.start()
    Object.assign(server, { hasProtobuf, refusesProtobuf })
    for (let i = 0; i < 7; i++) server.upsert(`pod-${i}`)
    await using started = await start(server, { pageSize: 3 })
    expectEqual(server, started)
    expect(server.received.filter(({ query }) => query.has('continue'))).toHaveLength(2)
    server.upsert('pod-1', { labels: { a: 'b' }, nodeName: 'other' })
    server.delete('pod-2')
    await settle(server, started)
    expectEqual(server, started)
    expect([...started.table.rows()].filter(({ nodeName }) => nodeName === 'other')).toMatchObject([
      { name: 'pod-1' },
    ])
    expect(started.reflector.status()).toMatchObject({ phase: 'watching', lists: 1, error: undefined })
  })
})

it('updates without a change that matters are dropped and counted', async () => {
  await using server = await PodServer.start()
  server.upsert('pod')
  await using started = await start(server)
  const { revision } = started.table
  for (let i = 0; i < 3; i++) server.upsert('pod')
  await settle(server, started)
  expect(started.reflector.status()).toMatchObject({ needed: 1, notNeeded: 3 })
  expect(started.table.revision).toBe(revision + 1)
  expect(started.events.filter((event) => event.kind === 'event' && !event.needed)).toHaveLength(3)
})

it('asks with the selectors, bookmarks and a timeout', async () => {
  await using server = await PodServer.start()
  const resource = { namespace: 'ns', fieldSelector: 'spec.nodeName=n', labelSelector: 'a=b' }
  await using started = await start(server, { resource })
  await settle(server, started)
  const [list, watch] = server.received
  expect(list).toMatchObject({ path: '/api/v1/namespaces/ns/pods' })
  expect(Object.fromEntries(list?.query ?? [])).toEqual({
    fieldSelector: 'spec.nodeName=n',
    labelSelector: 'a=b',
    limit: '500',
  })
  expect(watch?.query.get('fieldSelector')).toBe('spec.nodeName=n')
  expect(watch?.query.get('allowWatchBookmarks')).toBe('true')
  expect(Number(watch?.query.get('timeoutSeconds'))).toBeGreaterThanOrEqual(300)
})

describe('after a cut', () => {
  it('resumes where it was, without a list', async () => {
    await using server = await PodServer.start()
    await using started = await start(server)
    await settle(server, started)
    server.cut()
    server.upsert('while-away')
    server.delete('sentinel-0')
    await settle(server, started)
    expectEqual(server, started)
    expect(listCount(server)).toBe(1)
  })

  it('resumes from a bookmark when older versions are forgotten', async () => {
    await using server = await PodServer.start()
    await using started = await start(server)
    await settle(server, started)
    server.advance()
    server.bookmark()
    await until(() => started.reflector.status().resourceVersion === server.version)
    expect(started.reflector.status()).toMatchObject({ watches: 1, needed: 1, notNeeded: 0 })
    server.compact()
    server.cut()
    await settle(server, started)
    expect(listCount(server)).toBe(1)
  })

  it('lists again when its version is forgotten, and removes what was deleted meanwhile', async () => {
    await using server = await PodServer.start()
    server.upsert('gone')
    server.upsert('kept')
    await using started = await start(server)
    await settle(server, started)
    server.faults.push({ on: 'watch', kind: 'status', code: 503, reason: 'ServiceUnavailable' })
    server.cut()
    server.delete('gone')
    server.compact()
    await settle(server, started)
    expectEqual(server, started)
    expect(started.table.has('ns/gone')).toBe(false)
    expect(started.reflector.status()).toMatchObject({ lists: 2, error: undefined })
  })
})

describe('faults', () => {
  it.each([
    { fault: { on: 'watch', kind: 'status', code: 410, reason: 'Expired' }, lists: 2, failures: 0 },
    { fault: { on: 'watch', kind: 'error-event', code: 410, reason: 'Expired' }, lists: 2, failures: 0 },
    {
      fault: { on: 'watch', kind: 'error-event', code: 500, reason: 'InternalError' },
      lists: 1,
      failures: 1,
    },
    { fault: { on: 'watch', kind: 'status', code: 429, reason: 'TooManyRequests' }, lists: 1, failures: 1 },
    {
      fault: { on: 'watch', kind: 'status', code: 503, reason: 'ServiceUnavailable' },
      lists: 1,
      failures: 1,
    },
    { fault: { on: 'watch', kind: 'status', code: 400, reason: 'BadRequest' }, lists: 2, failures: 1 },
    { fault: { on: 'watch', kind: 'cut' }, lists: 1, failures: 1 },
    { fault: { on: 'watch', kind: 'end' }, lists: 1, failures: 1 },
  ] as const)('$fault.kind $fault.code: $lists lists', async ({ fault, lists, failures }) => {
    await using server = await PodServer.start()
    server.upsert('pod')
    server.faults.push(fault)
    await using started = await start(server)
    await settle(server, started)
    await until(() => server.watcherCount === 1)
    expectEqual(server, started)
    expect(started.events.filter(({ kind }) => kind === 'failure')).toHaveLength(failures)
    expect(listCount(server)).toBe(lists)
  })

  it('a page that fails is asked for again, the pages before it are kept', async () => {
    await using server = await PodServer.start()
    for (let i = 0; i < 4; i++) server.upsert(`pod-${i}`)
    server.afterPage = () => {
      server.faults.push({ on: 'list', kind: 'status', code: 429, reason: 'TooManyRequests' })
      server.faults.push({ on: 'list', kind: 'cut' })
    }
    await using started = await start(server, { pageSize: 2 })
    expectEqual(server, started)
    const lists = server.received.filter(({ query }) => !query.has('watch'))
    expect(lists.map(({ query }) => query.has('continue'))).toEqual([false, true, true, true])
  })

  it('a server that forgets its own list is not asked for one without pause', async () => {
    await using server = await PodServer.start()
    for (let i = 0; i < 3; i++)
      server.faults.push({ on: 'watch', kind: 'status', code: 410, reason: 'Expired' })
    await using started = await start(server)
    await until(() => server.watcherCount === 1)
    // The first 410 is ordinary, those after it are failures.
    expect(started.events.filter(({ kind }) => kind === 'failure')).toHaveLength(2)
    expect(listCount(server)).toBe(4)
  })

  it('a watch that speaks is not taken for silent', async () => {
    await using server = await PodServer.start()
    await using started = await start(server, { maxSilenceMs: 4000 })
    await settle(server, started)
    // In all longer than the limit with its jitter; on a busy machine each pause takes longer, too.
    for (let i = 0; i < 20; i++) {
      server.bookmark()
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    expect(started.reflector.status()).toMatchObject({ watches: 1, error: undefined })
  })

  it('an object that cannot be decoded keeps its last state, also over a list', async () => {
    await using server = await PodServer.start()
    server.upsert('broken', { labels: { a: 'b' } })
    await using started = await start(server, { protobuf: false })
    server.upsert('broken', { nodeName: brokenNodeName })
    await settle(server, started)
    expect(started.table.get('ns/broken')).toMatchObject({ labels: { a: 'b' } })
    expect(started.reflector.status()).toMatchObject({ invalid: 1, error: undefined })
    server.advance()
    server.compact()
    server.cut()
    await settle(server, started)
    expect(listCount(server)).toBe(2)
    expect(started.table.get('ns/broken')).toMatchObject({ labels: { a: 'b' } })
    server.delete('broken')
    await settle(server, started)
    expect(started.table.has('ns/broken')).toBe(false)
  })

  it('a continue token that expires starts the list again', async () => {
    await using server = await PodServer.start()
    for (let i = 0; i < 4; i++) server.upsert(`pod-${i}`)
    server.afterPage = () => {
      server.delete('pod-0')
      server.compact()
    }
    await using started = await start(server, { pageSize: 2 })
    expectEqual(server, started)
    const starts = server.received.filter(({ query }) => !query.has('watch') && !query.has('continue'))
    expect(starts).toHaveLength(2)
  })

  it('a half-open connection is found by its silence', async () => {
    await using server = await PodServer.start()
    server.faults.push({ on: 'watch', kind: 'silent' })
    await using started = await start(server, { maxSilenceMs: 300 })
    await settle(server, started)
    expect(started.events).toContainEqual(
      expect.objectContaining({
        kind: 'failure',
        error: expect.objectContaining({ code: 'K8S_WATCH_SILENT' }),
      }),
    )
    expect(listCount(server)).toBe(1)
  })

  it('Retry-After is waited for', async () => {
    await using server = await PodServer.start()
    await using started = await start(server)
    await settle(server, started)
    server.faults.push({ on: 'watch', kind: 'status', code: 429, reason: 'TooManyRequests', retryAfter: 1 })
    const cutMs = performance.now()
    server.cut()
    await until(() => server.watcherCount === 1)
    expect(performance.now() - cutMs).toBeGreaterThanOrEqual(900)
  })

  it('a server that is not there yet is waited for', async () => {
    const log = createLogger({ sink: () => {} })
    await using away = await writeKubeconfig('http://127.0.0.1:1')
    await using client = await openK8sClient({ kubeconfigPath: away.path, userAgent: 'test' })
    const table = createPodTable()
    await using reflector = startReflector({
      client,
      decoder: podDecoder(createInterner()),
      table,
      log,
      signal: AbortSignal.timeout(20_000),
      retry,
    })
    await until(() => reflector.status().error !== undefined)
    expect(reflector.status().error).toMatch(/pods.*127\.0\.0\.1:1/)
    expect(table.initialized).toBe(false)
    await reflector[Symbol.asyncDispose]()
    expect(reflector.status().phase).toBe('stopped')
  })
})

it('whole objects for tools: a table of its own, rows by identity', async () => {
  await using server = await PodServer.start()
  server.upsert('pod', { labels: { a: 'b' } })
  await using config = await writeKubeconfig(server.url)
  await using client = await openK8sClient({ kubeconfigPath: config.path, userAgent: 'test' })
  type Pod = { metadata: { name: string; namespace: string; resourceVersion: string }; spec: object }
  const table = createTable<Pod>({ name: 'pods', key: ({ metadata }) => objectKey(metadata) })
  await using reflector = startReflector({
    client,
    table,
    decoder: jsonDecoder<Pod>({
      kind: 'Pod',
      apiVersion: 'v1',
      resource: 'pods',
      parse: (value) => value as Pod,
    }),
    log: createLogger({ sink: () => {} }),
    signal: AbortSignal.timeout(20_000),
    retry,
  })
  await table.whenInitialized(AbortSignal.timeout(10_000))
  expect(table.get('ns/pod')).toMatchObject({ kind: 'Pod', spec: { nodeName: 'n' } })
  expect(server.received[0]?.headers.accept).toBe('application/json')
  await until(() => server.watcherCount === 1)
  const { revision } = table
  server.repeat('pod')
  server.upsert('pod')
  await until(() => reflector.status().needed === 1)
  expect(reflector.status().notNeeded).toBe(1)
  expect(table.revision).toBe(revision + 1)
})

describe('whatever happens, the table equals the source afterwards', () => {
  const name = fc.integer({ min: 0, max: 5 }).map((i) => `pod-${i}`)
  const fault = fc.constantFrom(
    { on: 'watch', kind: 'status', code: 410, reason: 'Expired' } as const,
    { on: 'watch', kind: 'error-event', code: 410, reason: 'Expired' } as const,
    { on: 'watch', kind: 'error-event', code: 500, reason: 'InternalError' } as const,
    { on: 'watch', kind: 'status', code: 429, reason: 'TooManyRequests' } as const,
    { on: 'watch', kind: 'cut' } as const,
    { on: 'watch', kind: 'end' } as const,
    { on: 'watch', kind: 'silent' } as const,
    { on: 'list', kind: 'status', code: 410, reason: 'Expired' } as const,
    { on: 'list', kind: 'status', code: 500, reason: 'InternalError' } as const,
    { on: 'list', kind: 'cut' } as const,
  )
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('upsert' as const), name, label: fc.constantFrom('a', 'b') }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), name }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('fault' as const), fault }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom('cut' as const, 'compact' as const, 'bookmark' as const, 'pause' as const),
      }),
    },
  )
  const protobufAndWatchList = fc.record({ protobuf: fc.boolean(), watchList: fc.boolean() })
  it('over random histories', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), protobufAndWatchList, async (steps, how) => {
        await using server = await PodServer.start()
        server.watchList = 'offered'
        for (let i = 0; i < 4; i++) server.upsert(`pod-${i}`)
        await using started = await start(server, { pageSize: 2, maxSilenceMs: 40, ...how })
        for (const each of steps) {
          if (each.do === 'upsert') server.upsert(each.name, { labels: { l: each.label } })
          else if (each.do === 'delete') server.delete(each.name)
          else if (each.do === 'fault') server.faults.push(each.fault)
          else if (each.do === 'pause') await new Promise((resolve) => setTimeout(resolve, 3))
          else server[each.do]()
        }
        await settle(server, started)
        expectEqual(server, started)
      }),
      { numRuns: 40 },
    )
  })
})
