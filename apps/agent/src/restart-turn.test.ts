import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '@axoneme/log'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { awaitTurn, readLastRun, writeLastRun } from './restart-turn.ts'

const log = createLogger({ sink: () => {}, level: 'error' })
const never = new Promise<void>(() => {})
const spread = { perNodeMs: 60_000, maxMs: 3_600_000 }
const base = { spread, hurry: never, onWait: () => {}, signal: AbortSignal.timeout(20_000) }

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), `axo-turn-${process.pid}-`))
})
afterEach(() => rmSync(directory, { recursive: true }))

it('keeps the size of the cluster for the next run, and none from a damaged file', () => {
  const path = join(directory, 'state', 'last-run.json')
  expect(readLastRun(path, log)).toBeUndefined()
  writeLastRun(path, { nodeCount: 5000 })
  expect(readLastRun(path, log)).toEqual({ nodeCount: 5000 })
  for (const damaged of ['', '{', '{"nodeCount":-1}', '{"nodeCount":1e99}', '[]']) {
    writeFileSync(path, damaged)
    expect(readLastRun(path, log)).toBeUndefined()
  }
})

it('is at once on a new node', async () => {
  await awaitTurn({ ...base, lastRun: undefined, onWait: () => expect.unreachable() })
})

it('is spread by the number of nodes after a restart, and ends when a pod waits', async () => {
  const delays: number[] = []
  const hurry = Promise.withResolvers<void>()
  const turn = (nodeCount: number, random: number) =>
    awaitTurn({
      ...base,
      lastRun: { nodeCount },
      hurry: hurry.promise,
      random: () => random,
      onWait: (delayMs) => delays.push(delayMs),
    })
  const turns = [turn(3, 0.5), turn(10, 0.5), turn(1_000_000, 0.25)]
  expect(delays).toEqual([90_000, 300_000, 900_000])
  hurry.resolve()
  await Promise.all(turns)
  await turn(0, 0.9)
})

it('ends with the process', async () => {
  const stop = new AbortController()
  const turn = awaitTurn({ ...base, lastRun: { nodeCount: 100 }, signal: stop.signal })
  stop.abort(new Error('stopped'))
  await expect(turn).rejects.toThrow('stopped')
})
