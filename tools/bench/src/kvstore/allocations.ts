import { createIdentityAllocator, createIdentityTable, startIdentityWatcher } from '@axoneme/kvstore-sync'
import { createLogger } from '@axoneme/log'
import type { Sampler } from '../samples.ts'
import type { openOurs } from './sides.ts'

type Node = Awaited<ReturnType<typeof openOurs>>

const log = createLogger({ sink: () => {} })
const lanes = 16

/**
 * Identities for label sets that are new to the cluster, and the same ones for a second node. Milliseconds each by
 * `new identity` and `known identity`; calls of the store each by `calls new` and `calls known`.
 */
export function allocating([first, second]: readonly [Node, Node], { count }: { count: number }) {
  const stop = new AbortController()
  const { signal } = stop
  const [maker, user] = [first, second].map((node, i) => {
    const table = createIdentityTable()
    const watcher = startIdentityWatcher({ store: node.store, table, log, signal })
    const nodeSuffix = `192.168.0.${i + 1}`
    const allocator = createIdentityAllocator({ store: node.store, table, nodeSuffix, log, signal })
    return { node, watcher, allocator }
  }) as [Allocating, Allocating]
  let sets = 0
  async function allocateAll(from: Allocating, labelSets: readonly Record<string, string>[]) {
    const before = from.node.operations()
    const startedMs = performance.now()
    const queue = labelSets.values()
    const lane = async () => {
      for (const labels of queue) ids.push(await from.allocator.allocate(labels))
    }
    const ids: number[] = []
    await Promise.all(Array.from({ length: lanes }, lane))
    const ms = (performance.now() - startedMs) / labelSets.length
    return { ids, ms, calls: (from.node.operations() - before) / labelSets.length }
  }
  const sampler: Sampler = async () => {
    const labelSets = Array.from({ length: count }, () => ({
      'k8s:app': `app-${sets++}`,
      'k8s:io.kubernetes.pod.namespace': 'bench',
    }))
    const made = await allocateAll(maker, labelSets)
    const used = await allocateAll(user, labelSets)
    await Promise.all([
      ...made.ids.map((id) => maker.allocator.release(id)),
      ...used.ids.map((id) => user.allocator.release(id)),
    ])
    return {
      'new identity': made.ms,
      'known identity': used.ms,
      'calls new': made.calls,
      'calls known': used.calls,
    }
  }
  return {
    sampler,
    async [Symbol.asyncDispose]() {
      stop.abort()
      for (const { allocator, watcher } of [maker, user]) {
        await allocator[Symbol.asyncDispose]()
        await watcher[Symbol.asyncDispose]()
      }
    },
  }
}

type Allocating = {
  node: Node
  watcher: AsyncDisposable
  allocator: ReturnType<typeof createIdentityAllocator>
}
