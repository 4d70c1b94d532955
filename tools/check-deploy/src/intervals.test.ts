import { globSync, readFileSync } from 'node:fs'
import { agentIntervals } from '@axoneme/agent/intervals'
import { describeIntervals, sharedIntervals } from '@axoneme/backoff'
import { operatorIntervals } from '@axoneme/operator/intervals'
import { describe, expect, it } from 'vitest'
import { inRepository } from './repository.ts'
import { hiddenIntervals } from './test-intervals.ts'

/** The tables themselves, and options, whose defaults and bounds the docs list. */
const declarations = [
  'apps/agent/src/intervals.ts',
  'apps/operator/src/intervals.ts',
  'packages/backoff/src/shared-intervals.ts',
  'apps/agent/src/config.ts',
  'apps/operator/src/config.ts',
]
/** Waits that are no intervals: nothing is done again. */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  'packages/agent-api/src/server.ts': [
    // The last connections of a server that ends.
    'const force = setTimeout(() => server.closeAllConnections(), drainMs)',
    'const sweep = setInterval(() => server.closeIdleConnections(), 20)',
  ],
  'packages/kvstore-sync/src/table-watcher.ts': [
    // How long the others have to put back what a store lost.
    'export const keepOthersEntries: KeepLost = { quietMs: 10_000, maxMs: 60_000 }',
  ],
  'packages/kvstore/src/etcd/login.ts': [
    // A login that was refused is not asked for again at once.
    'else setTimeout(() => this.#forget(token), deniedMs).unref()',
  ],
  'packages/kvstore/src/etcd/rotating-connection.ts': [
    // What is under way on a connection that was replaced.
    'const timer = setTimeout(() => {',
  ],
}

/** They touch nothing outside of the node, so nobody minds when they run in step. */
const onNode = ['monitor-poll', 'template-compile']

describe('a check for hidden intervals', () => {
  it.each([
    'const policy = { minMs: 200, maxMs: 5_000 }',
    'retry(run, { ...delays, minMs: 2 * 100 })',
    'const base = 60_000\nconst period: Period = { baseMs: 5 * base, jitter: 0.2 }',
    'startAll({ spread: { perNodeMs: 5 } })',
    'await sleep(500, { signal })',
    'const pauseMs = 30_000\nsetTimeout(() => run(), pauseMs)',
    'setInterval(() => run(), 60 * 1000)',
  ])('finds %j', (source) => {
    expect(hiddenIntervals(source)).toHaveLength(1)
  })

  it.each([
    'retry(run, { ...intervals.call.retry, signal })',
    'await sleep(jitteredPeriod(period), { signal })',
    'setTimeout(() => run(), delayMs)',
    'const delayMs = 0',
    'AbortSignal.timeout(5_000)',
    'type Policy = { minMs: 5 }',
  ])('finds nothing in %j', (source) => {
    expect(hiddenIntervals(source)).toEqual([])
  })
})

it('no interval of the agent and the operator is a number outside of the tables', () => {
  const files = globSync(['apps/{agent,operator}/src/**/*.ts', 'packages/*/src/**/*.ts'], {
    cwd: inRepository(''),
  })
    .filter((file) => !/\.(test|bench|testing)\.ts$|\/testing(\/|\.ts$)|\/generated\//.test(file))
    .filter((file) => !declarations.includes(file))
  expect(files.length).toBeGreaterThan(200)
  const hidden = files.flatMap((file) =>
    hiddenIntervals(readFileSync(inRepository(file), 'utf8'))
      .filter((found) => exceptions[file]?.includes(found.replace(/^\d+: /, '')) !== true)
      .map((found) => `${file}:${found}`),
  )
  expect(hidden).toEqual([])
})

describe.each([
  { app: 'agent', intervals: agentIntervals },
  { app: 'operator', intervals: operatorIntervals },
  { app: 'both', intervals: sharedIntervals },
])('intervals of $app', ({ app, intervals }) => {
  const rows = describeIntervals(intervals, { nodeCount: 5000 })

  it('have a name, say what they are for, and are jittered', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length)
    for (const { name, does, baseMs, maxMs = Number.POSITIVE_INFINITY, jitter, currentMs } of rows) {
      expect(does, name).toMatch(/^[a-z].{10,}[^.]$/)
      expect(baseMs, name).toBeGreaterThan(0)
      expect(currentMs, name).toBeLessThanOrEqual(maxMs)
      if (!onNode.includes(name)) expect(jitter, `${app}: ${name}`).not.toBe(0)
    }
  })
})
