import { expect, it } from 'vitest'
import { type Changes, type FollowRun, follow } from './follow.ts'
import { createTable } from './table.ts'

type Row = Readonly<{ key: string; value: number }>

it('hands over all sources together, first when all are initialised, then what changed', async () => {
  const left = createTable<Row>({ name: 'left', key: (row) => row.key })
  const right = createTable<Row>({ name: 'right', key: (row) => row.key })
  const stop = new AbortController()
  const seen: Changes<{ left: Row; right: Row }>[] = []
  const arrived: (() => void)[] = []
  const runs: FollowRun[] = []
  const following = follow<{ left: Row; right: Row }>({
    sources: { left, right },
    apply: (changes) => {
      seen.push(changes)
      arrived.shift()?.()
    },
    signal: stop.signal,
    observe: (run) => runs.push(run),
  })
  const next = () => new Promise<void>((resolve) => arrived.push(resolve))

  left.upsert({ key: 'a', value: 1 })
  left.markInitialized()
  await new Promise(setImmediate)
  expect(seen).toEqual([])

  const first = next()
  right.markInitialized()
  await first
  expect(seen[0]).toEqual({ left: [{ kind: 'upsert', key: 'a', row: { key: 'a', value: 1 } }], right: [] })

  const second = next()
  left.delete('a')
  right.upsert({ key: 'b', value: 1 })
  right.upsert({ key: 'b', value: 2 })
  await second
  expect(seen[1]?.left.map((change) => change.kind)).toEqual(['delete'])
  expect(seen[1]?.right).toEqual([{ kind: 'upsert', key: 'b', row: { key: 'b', value: 2 } }])

  stop.abort()
  await following
  expect(seen).toHaveLength(2)
  expect(runs).toMatchObject([
    { outcome: 'success', changes: { left: 1, right: 0 } },
    { outcome: 'success', changes: { left: 1, right: 1 } },
  ])
})

it('fails when applying fails', async () => {
  const rows = createTable<Row>({ name: 'rows', key: (row) => row.key })
  rows.markInitialized()
  const runs: FollowRun[] = []
  const failing = follow<{ rows: Row }>({
    sources: { rows },
    apply: () => {
      throw new Error('no')
    },
    signal: new AbortController().signal,
    observe: (run) => runs.push(run),
  })
  await expect(failing).rejects.toThrow('no')
  expect(runs).toMatchObject([{ outcome: 'fail', changes: { rows: 0 } }])
})
