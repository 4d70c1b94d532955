import { CodedError } from '@axoneme/lifecycle'
import { createLogger } from '@axoneme/log'
import { createTable } from '@axoneme/tables'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ReconcileRun, startReconciler, type Target } from './reconciler.ts'

type Row = Readonly<{ key: string; value: number }>

const log = createLogger({ sink: () => {} })
const retry = { minMs: 1, maxMs: 4 }

function memoryTarget(failures: { left: number } = { left: 0 }) {
  const content = new Map<string, number>()
  const target: Target<Row> = {
    update(row) {
      if (failures.left-- > 0) throw new CodedError('TEST', 'write', { retryable: true })
      content.set(row.key, row.value)
    },
    delete(key) {
      if (failures.left-- > 0) throw new CodedError('TEST', 'remove', { retryable: true })
      content.delete(key)
    },
    prune(rows) {
      const wanted = new Set(rows.map((row) => row.key))
      for (const key of content.keys()) if (!wanted.has(key)) content.delete(key)
    },
  }
  return { content, target }
}

describe('reconciler', () => {
  it('makes the target equal to the table whatever fails on the way', async () => {
    const operation = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      value: fc.nat(3),
      remove: fc.boolean(),
      pause: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 20 }), fc.nat(6), async (operations, failing) => {
        const table = createTable<Row>({ name: 'rows', key: (row) => row.key })
        const { content, target } = memoryTarget({ left: failing })
        content.set('stale', 1)
        await using _running = startReconciler({
          name: 'test',
          table,
          target,
          log,
          retry,
          signal: new AbortController().signal,
        })
        for (const { key, value, remove, pause } of operations) {
          if (remove) table.delete(key)
          else table.upsert({ key, value })
          if (pause) await new Promise(setImmediate)
        }
        table.markInitialized()
        await vi.waitFor(
          () => expect([...content].sort()).toEqual([...table.rows()].map((r) => [r.key, r.value]).sort()),
          { interval: 1, timeout: 2000 },
        )
      }),
      { numRuns: 50 },
    )
  })

  it('carries as many rows at once as it may, never two of one key, begun in order', async () => {
    const table = createTable<Row>({ name: 'rows', key: (row) => row.key })
    const running = new Map<string, number>()
    const begun: string[] = []
    let most = 0
    const carry = async (key: string) => {
      expect(running.has(key)).toBe(false)
      running.set(key, 1)
      begun.push(key)
      most = Math.max(most, running.size)
      await new Promise(setImmediate)
      running.delete(key)
    }
    await using reconciler = startReconciler<Row>({
      name: 'test',
      table,
      log,
      concurrency: 3,
      signal: new AbortController().signal,
      target: { update: (row) => carry(row.key), delete: (key) => carry(key) },
    })
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    for (const key of keys) table.upsert({ key, value: 1 })
    await new Promise(setImmediate)
    for (const key of keys) table.delete(key)
    await reconciler.settled()
    expect(begun).toEqual([...keys, ...keys])
    expect(most).toBe(3)
  })

  it('ends no earlier than what it has begun', async () => {
    const table = createTable<Row>({ name: 'rows', key: (row) => row.key })
    const stop = new AbortController()
    let open = 0
    const reconciler = startReconciler<Row>({
      name: 'test',
      table,
      log,
      concurrency: 2,
      signal: stop.signal,
      target: {
        async update() {
          open++
          stop.abort()
          for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
          open--
        },
        delete: () => {},
      },
    })
    for (const key of ['a', 'b', 'c']) table.upsert({ key, value: 1 })
    await new Promise(setImmediate)
    await reconciler[Symbol.asyncDispose]()
    expect(open).toBe(0)
  })

  it('prunes nothing before the table has its whole first state', async () => {
    const table = createTable<Row>({ name: 'rows', key: (row) => row.key })
    const { content, target } = memoryTarget()
    content.set('kept', 7)
    await using running = startReconciler({
      name: 'test',
      table,
      target,
      log,
      retry,
      signal: new AbortController().signal,
    })
    table.upsert({ key: 'a', value: 1 })
    await running.settled()
    expect([...content.keys()].sort()).toEqual(['a', 'kept'])
    table.markInitialized()
    await vi.waitFor(() => expect([...content.keys()]).toEqual(['a']))
  })

  it('prunes again soon when that failed', async () => {
    const table = createTable<Row>({ name: 'rows', key: (row) => row.key })
    let attempts = 0
    await using _running = startReconciler<Row>({
      name: 'test',
      table,
      log,
      retry,
      signal: new AbortController().signal,
      target: {
        update: () => {},
        delete: () => {},
        prune: () => {
          if (++attempts < 4) throw new CodedError('TEST', 'cannot prune', { retryable: true })
        },
      },
    })
    table.markInitialized()
    await vi.waitFor(() => expect(attempts).toBe(4))
  })

  it('lets others have the event loop between rows that take long', async () => {
    const table = createTable<Row>({ name: 'rows', key: (row) => row.key })
    let turns = 0
    const turnsAtRow: number[] = []
    const count = () => {
      turns++
      if (turnsAtRow.length < 5) setImmediate(count)
    }
    setImmediate(count)
    for (const key of ['a', 'b', 'c', 'd', 'e']) table.upsert({ key, value: 1 })
    await using running = startReconciler<Row>({
      name: 'test',
      table,
      log,
      signal: new AbortController().signal,
      target: {
        update() {
          turnsAtRow.push(turns)
          const startMs = performance.now()
          while (performance.now() - startMs < 6);
        },
        delete: () => {},
      },
    })
    await running.settled()
    expect(new Set(turnsAtRow).size).toBe(5)
  })

  it('reports a failing row with its error and lets others pass', async () => {
    const table = createTable<Row>({ name: 'rows', key: (row) => row.key })
    const done: string[] = []
    await using running = startReconciler<Row>({
      name: 'test',
      table,
      log,
      retry: { minMs: 60_000, maxMs: 60_000 },
      signal: new AbortController().signal,
      target: {
        update: (row) => {
          if (row.key === 'bad') throw new CodedError('TEST', 'cannot', { retryable: true })
          done.push(row.key)
        },
        delete: () => {},
      },
    })
    table.upsert({ key: 'bad', value: 1 })
    table.upsert({ key: 'good', value: 1 })
    await running.settled()
    expect(done).toEqual(['good'])
    expect(running.status.get('bad')).toMatchObject({ state: 'error', failures: 1, error: { code: 'TEST' } })
    expect(running.status.get('good')).toMatchObject({ state: 'done' })
  })
})

describe('time', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  it('is left to a target that says for how long', async () => {
    const table = createTable<Row>({ name: 'rows', key: (row) => row.key })
    const tried: number[] = []
    const startedMs = Date.now()
    const update = () => {
      tried.push(Date.now() - startedMs)
      if (tried.length === 1) throw Object.assign(new Error('later'), { retryAfterMs: 60_000 })
    }
    const signal = new AbortController().signal
    await using _running = startReconciler({
      ...{ name: 'test', table, log, retry, signal },
      target: { update, delete: () => {} },
    })
    table.upsert({ key: 'a', value: 1 })
    await vi.advanceTimersByTimeAsync(59_000)
    expect(tried).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(tried).toHaveLength(2)
  })

  it('between two prunes grows with the cluster', async () => {
    const table = createTable<Row>({ name: 'rows', key: (row) => row.key })
    table.markInitialized()
    const prune = vi.fn()
    const signal = new AbortController().signal
    await using _running = startReconciler({
      ...{ name: 'test', table, log, retry, signal },
      target: { update: () => {}, delete: () => {}, prune },
      prune: { baseMs: 10_000, jitter: 0, growsWithCluster: true },
      nodeCount: () => Math.E ** 6 - 1,
    })
    await vi.advanceTimersByTimeAsync(59_000)
    expect(prune).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(prune).toHaveBeenCalledTimes(2)
  })
})

it('tells of each pass and each pruning, and of failures by their codes', async () => {
  const table = createTable<Row>({ name: 'rows', key: (row) => row.key })
  const { target } = memoryTarget({ left: 2 })
  const runs: ReconcileRun[] = []
  const signal = new AbortController().signal
  table.upsert({ key: 'a', value: 1 })
  table.upsert({ key: 'b', value: 1 })
  const observe = (run: ReconcileRun) => runs.push(run)
  await using reconciler = startReconciler({ name: 'test', table, target, log, retry, signal, observe })
  await reconciler.settled()
  expect(runs[0]).toMatchObject({ name: 'test', kind: 'rows', failures: { TEST: 2 } })
  table.markInitialized()
  await vi.waitFor(() => expect(reconciler.status.get('a')?.state).toBe('done'))
  await vi.waitFor(() =>
    expect(runs).toContainEqual(expect.objectContaining({ kind: 'prune', failures: {} })),
  )
  expect(runs.filter(({ kind }) => kind === 'rows').at(-1)).toMatchObject({ failures: {} })
})
