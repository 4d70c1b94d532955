import { formatLabels } from '@axoneme/identity'
import { openEtcdKvstore } from '@axoneme/kvstore'
import { startEtcd } from '@axoneme/kvstore/testing'
import { createLogger } from '@axoneme/log'
import { expect, it } from 'vitest'
import { createIdentityAllocator } from './identity-allocator.ts'
import { slavePrefix } from './identity-keys.ts'
import { createIdentityTable, startIdentityWatcher } from './identity-table.ts'
import { identityPaths } from './paths.ts'

const nodeCount = Number(process.env.AXO_HERD_NODES ?? 300)
const connections = 6
const labelSets = ['a', 'b', 'c'].map((app) => ({ 'k8s:app': app }))

it(`${nodeCount} nodes that want the same new identities at once get the same numbers`, async () => {
  const log = createLogger({ sink: () => {} })
  const stop = new AbortController()
  const { signal } = stop
  await using opened = new AsyncDisposableStack()
  const { endpoints } = opened.use(await startEtcd({ signal }))
  let calls = 0
  const allocators = []
  for (let i = 0; i < connections; i++) {
    const store = opened.use(await openEtcdKvstore({ endpoints, log, signal, observe: () => void calls++ }))
    const table = createIdentityTable()
    opened.use(startIdentityWatcher({ store, table, log, signal }))
    for (let n = i; n < nodeCount; n += connections) {
      const nodeSuffix = `10.0.${n >> 8}.${n & 255}`
      allocators.push(opened.use(createIdentityAllocator({ store, table, nodeSuffix, log, signal })))
    }
    await table.whenInitialized(signal)
  }
  const startedMs = performance.now()
  const ids = await Promise.all(
    allocators.map((allocator) => Promise.all(labelSets.map((labels) => allocator.allocate(labels)))),
  )
  const ms = performance.now() - startedMs
  const callsEach = calls / nodeCount / labelSets.length
  if (process.env.AXO_HERD_NODES !== undefined)
    process.stderr.write(`${Math.round(ms)} ms, ${callsEach} calls each\n`)
  expect(new Set(ids.map((each) => each.join())).size).toBe(1)
  await using reader = await openEtcdKvstore({ endpoints, log, signal })
  expect(await reader.listPrefix(identityPaths.idPrefix)).toHaveLength(labelSets.length)
  for (const labels of labelSets) {
    expect(await reader.listPrefix(slavePrefix(formatLabels(labels)))).toHaveLength(nodeCount)
  }
  stop.abort()
}, 120_000)
