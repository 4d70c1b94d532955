import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '@axoneme/log'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { isAlive, markedProcesses, markerVariable, signalProcess } from './processes.ts'
import { type SupervisedChild, superviseChild } from './supervisor.ts'

const log = createLogger({ sink: () => {} })
const mark = `supervisor-${process.pid}`
let directory: string
let child: SupervisedChild

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'axo-supervisor-'))
})
afterEach(async () => {
  await child[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true })
})

function supervise(script: string): SupervisedChild {
  child = superviseChild(
    {
      name: 'x',
      command: ['sh', '-c', script],
      env: { PATH: process.env.PATH ?? '', [markerVariable]: mark },
      logFile: join(directory, 'log'),
    },
    { log, random: () => 0.1, stopGraceMs: 500 },
  )
  return child
}

const running = () => vi.waitUntil(() => child.status().process, { timeout: 10_000 })

it('starts a killed child again and finds it by its mark', async () => {
  supervise('echo alive; exec sleep 1000')
  const first = await running()
  expect(markedProcesses(mark)).toEqual([first])
  signalProcess(first, 'SIGKILL')
  const second = await vi.waitUntil(() => {
    const { process: now } = child.status()
    return now !== undefined && now.pid !== first.pid ? now : undefined
  })
  expect(child.status()).toMatchObject({ restarts: 1, lastExit: 'SIGKILL' })
  expect(isAlive(first)).toBe(false)
  await vi.waitUntil(() => readFileSync(join(directory, 'log'), 'utf8') === 'alive\nalive\n')

  await child[Symbol.asyncDispose]()
  expect(isAlive(second)).toBe(false)
  expect(markedProcesses(mark)).toEqual([])
})

it('kills a child that does not want to go, and does not start it again', async () => {
  supervise('trap "" TERM; echo ready; while :; do sleep 0.05; done')
  const id = await running()
  await vi.waitUntil(() => readFileSync(join(directory, 'log'), 'utf8') === 'ready\n')
  await child[Symbol.asyncDispose]()
  expect(isAlive(id)).toBe(false)
})

it('tells how a child ends', async () => {
  supervise('exit 3')
  await vi.waitUntil(() => child.status().restarts >= 2)
  expect(child.status().lastExit).toBe('exit code 3')
})
