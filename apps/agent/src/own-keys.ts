import type { EndpointRow } from '@axoneme/endpoint'
import type { NodeRow } from '@axoneme/ipcache'
import type { Kvstore } from '@axoneme/kvstore'
import {
  createSharedStore,
  ipEntryOf,
  ipPrefix,
  nodeEntryOf,
  nodePrefix,
  type SharedStore,
} from '@axoneme/kvstore-sync'
import type { Scope } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import type { Change, Table } from '@axoneme/tables'

/**
 * What this node tells the cluster by the kvstore: itself, and the address and identity of each of its pods. Whoever
 * watches the prefixes hands the events to `observe`, so that entries which somebody removes are put back.
 */
export type OwnKeys = Readonly<{ nodes: SharedStore; ips: SharedStore }>

export function createOwnKeys({
  store,
  cluster,
  nodeCount,
  log,
  scope,
}: {
  store: Kvstore
  cluster: string
  nodeCount: () => number
  log: Logger
  scope: Scope
}): OwnKeys {
  const open = (name: string, prefix: string) =>
    scope.use(
      createSharedStore({
        store,
        prefix,
        nodeCount,
        log: log.child(name),
        signal: scope.signal,
        watch: false,
      }),
    )
  return { nodes: open('nodes', nodePrefix(cluster)), ips: open('ips', ipPrefix(cluster)) }
}

/** Tells of the node at once, and of its endpoints from now on; entries of an earlier run for other pods are swept. */
export function publishOwnKeys(
  { nodes, ips }: OwnKeys,
  { node, endpoints, scope }: { node: NodeRow; endpoints: Table<EndpointRow>; scope: Scope },
): void {
  const nodeEntry = nodeEntryOf(node)
  nodes.set(nodeEntry.key, nodeEntry.value)
  const isPublished = (row: EndpointRow) => ipEntryOf(row, node) !== undefined
  const apply = ({ kind, row }: Change<EndpointRow>) => {
    const entry = kind === 'delete' ? undefined : ipEntryOf(row, node)
    if (entry !== undefined) ips.set(entry.key, entry.value)
    // The address may be another endpoint's already.
    else if (!endpoints.byIndex('ip', row.ipv4).some(isPublished)) ips.remove(row.ipv4)
  }
  scope.run(async (signal) => {
    using changes = endpoints.changes()
    await endpoints.whenInitialized(signal)
    changes.take().forEach(apply)
    await ips.sweep((_key, value) => isOfHost(value, node.internalIp))
    for await (const batch of changes.batches(signal)) batch.forEach(apply)
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
