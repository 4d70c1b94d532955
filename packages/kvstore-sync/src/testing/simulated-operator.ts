import type { NodeRow } from '@axoneme/ipcache'
import { openEtcdKvstore } from '@axoneme/kvstore'
import type { Logger } from '@axoneme/log'
import { runIdentityGc } from '../identity-gc.ts'
import { nodeEntryOf } from '../node-entries.ts'
import {
  createKnownNodeTable,
  createStoredNodeTable,
  startNodeHandover,
  startStoredNodeWatcher,
} from '../node-handover.ts'
import { cluster } from './simulated-agent.ts'

/** The kvstore side of the operator: hands `nodes` over, whose agents publish nothing, and collects identities. */
export async function startSimulatedOperator({
  endpoints,
  nodes,
  log,
  signal,
  gcPeriodMs,
}: {
  endpoints: readonly string[]
  nodes: readonly NodeRow[]
  log: Logger
  signal: AbortSignal
  gcPeriodMs: number
}): Promise<AsyncDisposable & { handedOver: ReadonlyMap<string, string>; collected(): number }> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const store = await openEtcdKvstore({ endpoints, log, signal })
  const [known, stored] = [createKnownNodeTable(), createStoredNodeTable()]
  const handedOver = new Map<string, string>()
  for (const node of nodes) {
    const { key, value } = nodeEntryOf(node, 'custom-resource')
    known.upsert({ name: key, entry: value })
    handedOver.set(key, value)
  }
  known.markInitialized()
  const watcher = startStoredNodeWatcher({ store, cluster, table: stored, log, signal: either })
  const handover = startNodeHandover({ store, cluster, known, stored, log, signal: either })
  let collected = 0
  const collecting = runIdentityGc({
    store,
    log,
    signal: either,
    period: { baseMs: gcPeriodMs, jitter: 0.2 },
    removalsPerSecond: 100,
    onRun: (run) => {
      if (run.outcome === 'success') collected += run.deleted
    },
  })
  return {
    handedOver,
    collected: () => collected,
    async [Symbol.asyncDispose]() {
      stop.abort(new DOMException('simulated operator stopped', 'AbortError'))
      await Promise.allSettled([collecting, handover.running])
      await handover.reconciler[Symbol.asyncDispose]()
      await watcher[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}
