import { createServer } from 'node:net'
import { createLogger, type LogEvent } from '@axoneme/log'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../testing/contract-harness.ts'
import { startEtcd, startEtcdCluster, type TestEtcdCluster } from '../testing/index.ts'
import { askEndpoint } from './ask-endpoint.ts'
import { EndpointChecks } from './endpoint-checks.ts'
import type { EndpointAnswer, KvEndpoint } from './endpoint-state.ts'
import { openEtcdKvstore } from './open.ts'

const often = { baseMs: 100, jitter: 0.2 }
const never = { baseMs: 3_600_000, jitter: 0 }
const { signal } = new AbortController()

/** A store of which the endpoints are asked, and what was told of them last. */
async function openFollowed(endpoints: readonly string[], periods = { well: often, failing: often }) {
  let rows: readonly KvEndpoint[] = []
  const logged: LogEvent[] = []
  const opened = openEtcdKvstore({
    ...{ endpoints, signal },
    endpointPeriods: periods,
    onEndpoints(told) {
      rows = told
    },
    log: createLogger({ sink: (event) => logged.push(event) }),
  })
  return { opened, logged, rows: () => rows, states: () => rows.map(({ state }) => state) }
}

describe('three members of etcd', () => {
  let etcd: TestEtcdCluster
  beforeAll(async () => {
    etcd = await startEtcdCluster({ size: 3, signal })
  }, 60_000)
  afterAll(async () => {
    await etcd?.[Symbol.asyncDispose]()
  })

  it('are told of: who leads, who is away and since when', async () => {
    const { opened, rows, states, logged } = await openFollowed(etcd.endpoints)
    await using _ = await opened
    expect(rows().map(({ endpoint }) => endpoint)).toEqual(etcd.endpoints)
    await until(() => states().every((state) => state === 'ok'), 'all are well')
    const isTold = async () => {
      const led = await etcd.leader()
      return led !== undefined && rolesOf(rows(), led.endpoints) === 'leader, follower, follower'
    }
    await until(isTold, 'the leader is told of')
    expect(rows()[0]?.version).toMatch(/^3\.\d+\.\d+$/)

    const leader = await etcd.leader()
    const index = etcd.members.findIndex((member) => member !== leader)
    const other = etcd.members[index]
    await other?.kill()
    await until(() => states()[index] === 'down', 'one is away')
    const { sinceMs: downSinceMs = 0, detail } = rows()[index]!
    expect(detail).toContain('ECONNREFUSED')
    await until(() => states().filter((state) => state === 'ok').length === 2, 'the others are well')
    await until(() => (rows()[index]?.askedMs ?? 0) > downSinceMs, 'it was asked again')
    expect(rows()[index]?.sinceMs).toBe(downSinceMs)
    await other?.restart()
    await until(() => states()[index] === 'ok', 'it is back')
    expect(rows()[index]?.sinceMs).toBeGreaterThan(downSinceMs)
    const told = logged.filter(({ fields }) => fields.endpoint === other?.endpoints[0])
    expect(told.map(({ level, message }) => `${level} ${message}`)).toEqual([
      'warn endpoint is not well',
      'info endpoint is well again',
    ])
  }, 60_000)

  it('say that they have no leader when most are away', async () => {
    const { opened, rows, states } = await openFollowed(etcd.endpoints)
    await using _ = await opened
    await until(() => states().every((state) => state === 'ok'), 'all are well')
    const [first, second] = etcd.members
    await Promise.all([first?.kill(), second?.kill()])
    await until(() => rows()[2]?.state === 'degraded', 'the last one knows no leader')
    expect(rows()[2]?.detail).toContain('knows no leader')
    await etcd.restartAll()
    await until(() => states().every((state) => state === 'ok'), 'all are well again')
  }, 60_000)

  it('are told of while the store cannot be opened', async () => {
    await etcd.killAll()
    let rows: readonly KvEndpoint[] = []
    const stop = new AbortController()
    const opening = openEtcdKvstore({
      endpoints: etcd.endpoints,
      endpointPeriods: { well: never, failing: often },
      onEndpoints(told) {
        rows = told
      },
      log: createLogger({ sink: () => {} }),
      signal: stop.signal,
    })
    await until(() => rows.length === 3 && rows.every(({ state }) => state === 'down'), 'all are away')
    stop.abort(new Error('enough'))
    await expect(opening).rejects.toThrow('enough')
    await etcd.restartAll()
  }, 60_000)
})

/** Those of `first`, then the others. */
function rolesOf(rows: readonly KvEndpoint[], first: readonly string[]): string {
  const isFirst = ({ endpoint }: KvEndpoint) => first.includes(endpoint)
  const sorted = [...rows.filter(isFirst), ...rows.filter((row) => !isFirst(row))]
  return sorted.map(({ role }) => role).join(', ')
}

it('a full database is something that is not well', async () => {
  await using etcd = await startEtcd({ args: ['--quota-backend-bytes', '65536'] })
  const { opened, rows } = await openFollowed(etcd.endpoints)
  await using store = await opened
  await until(() => rows()[0]?.state === 'ok', 'it is well')
  const fill = async () => {
    for (let i = 0; ; i++) await store.put(`fill/${i}`, 'x'.repeat(60_000))
  }
  await expect(fill()).rejects.toMatchObject({ code: 'KVSTORE_EXHAUSTED' })
  await until(() => rows()[0]?.state === 'degraded', 'it says so')
  expect(rows()[0]).toMatchObject({ role: 'leader', detail: expect.stringContaining('NOSPACE') })
}, 60_000)

it('who answers something else, or never, does not answer', async () => {
  const garbage = createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 200 OK\r\n\r\nhello'))
  const silent = createServer((socket) => socket.on('error', () => {}))
  try {
    const endpoints: string[] = []
    for (const server of [garbage, silent]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const address = server.address()
      if (address === null || typeof address === 'string') throw new Error('no port')
      endpoints.push(`http://127.0.0.1:${address.port}`)
    }
    const answers = await Promise.all(endpoints.map((endpoint) => askEndpoint(endpoint, {})))
    for (const answer of answers) expect(answer).toMatchObject({ kind: 'failed', error: /./ })
    expect(await askEndpoint('nonsense', {})).toMatchObject({ kind: 'failed' })
  } finally {
    garbage.close()
    silent.close()
  }
})

it('asks soon when the store is lost, rarely while all is well, and not after the end', async () => {
  const well: EndpointAnswer = {
    ...{ kind: 'status', clusterId: '1', memberId: '1', leaderId: '1', isLearner: false },
    ...{ version: '3.5.1', errors: [] },
  }
  let asked = 0
  const told: string[] = []
  const stop = new AbortController()
  const checks = new EndpointChecks({
    endpoints: ['a'],
    ask: async () => {
      asked++
      return well
    },
    onEndpoints: ([row]) => told.push(row?.state ?? ''),
    periods: { well: never, failing: { baseMs: 1, jitter: 0 } },
    random: () => 0.5,
    log: createLogger({ sink: () => {} }),
  })
  checks.storeAnswers(true)
  const running = checks.run(stop.signal)
  await until(() => asked === 1, 'it was asked')
  await until(() => told.length === 2, 'it was told')
  expect(told).toEqual(['unknown', 'ok'])
  checks.storeAnswers(false)
  await until(() => asked > 2, 'it was asked again and again')
  checks.storeAnswers(true)
  stop.abort()
  await running
  const askedAtEnd = asked
  checks.storeAnswers(false)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(asked).toBe(askedAtEnd)
})
