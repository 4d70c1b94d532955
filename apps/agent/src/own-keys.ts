import type { EndpointRow } from '@axoneme/endpoint'
import type { NodeRow } from '@axoneme/ipcache'
import type { Kvstore } from '@axoneme/kvstore'
import { createSharedStore, ipEntryOf, ipPrefix, nodeEntryOf, nodePrefix } from '@axoneme/kvstore-sync'
import type { Scope } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import type { Table } from '@axoneme/tables'

/**
 * What this node tells the cluster by the kvstore: itself, and the address and identity of each of its pods. Entries
 * of an earlier run for pods that are gone are swept once the endpoints are restored.
 */
export function publishOwnKeys({
  store,
  node,
  endpoints,
  nodeCount,
  log,
  scope,
}: {
  store: Kvstore
  node: NodeRow
  endpoints: Table<EndpointRow>
  nodeCount: () => number
  log: Logger
  scope: Scope
}): void {
  const common = { store, nodeCount, signal: scope.signal }
  const nodes = scope.use(
    createSharedStore({ ...common, prefix: nodePrefix(node.cluster), log: log.child('nodes') }),
  )
  const nodeEntry = nodeEntryOf(node)
  nodes.set(nodeEntry.key, nodeEntry.value)

  const ips = scope.use(
    createSharedStore({ ...common, prefix: ipPrefix(node.cluster), log: log.child('ips') }),
  )
  scope.run(async (signal) => {
    using changes = endpoints.changes()
    let swept = false
    for await (const batch of changes.batches(signal)) {
      for (const { kind, row } of batch) {
        // An address is taken back before it is told of its next owner: both events can be in one batch.
        const entry = kind === 'delete' ? undefined : ipEntryOf(row, node)
        if (entry !== undefined) ips.set(entry.key, entry.value)
        else if (endpoints.byIndex('ip', row.ipv4).every((other) => ipEntryOf(other, node) === undefined)) {
          ips.remove(row.ipv4)
        }
      }
      if (!swept && endpoints.initialized) {
        swept = true
        await ips.sweep((_key, value) => isOfHost(value, node.internalIp))
      }
    }
  })
}

function isOfHost(value: string, hostIp: string): boolean {
  try {
    const entry: unknown = JSON.parse(value)
    return typeof entry === 'object' && entry !== null && 'HostIP' in entry && entry.HostIP === hostIp
  } catch {
    // Not an entry that a node wrote: not ours to delete.
    return false
  }
}
