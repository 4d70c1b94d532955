import { retry } from '@axoneme/backoff'
import type { EndpointRow } from '@axoneme/endpoint'
import type { IpIdentityRow, NodeRow } from '@axoneme/ipcache'
import type { Kvstore } from '@axoneme/kvstore'
import { createSharedStore, ipEntryOf, ipPrefix, type SharedStore } from '@axoneme/kvstore-sync'
import { describeError, type Scope } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import type { Change, Table } from '@axoneme/tables'
import { agentIntervals } from './intervals.ts'

type OwnIpsParts = Readonly<{
  store: Kvstore
  cluster: string
  nodeCount: () => number
  log: Logger
  scope: Scope
}>

/**
 * What tells the cluster by the kvstore of the address and identity of each pod of this node. Whoever watches the
 * prefix hands the events to `observe`, so that entries which somebody removes are put back. Of the node itself the
 * operator tells, by its CiliumNode: an entry under this agent's lease would take the routes along when the lease ends.
 */
export function createOwnIps({ store, cluster, nodeCount, log, scope }: OwnIpsParts): SharedStore {
  return scope.use(
    createSharedStore({
      store,
      prefix: ipPrefix(cluster),
      nodeCount,
      log: log.child('ips'),
      signal: scope.signal,
      watch: false,
    }),
  )
}

type OwnNode = Pick<NodeRow, 'name' | 'cluster' | 'internalIp' | 'encryptKey'>

/** Tells of the endpoints from now on; entries of an earlier run for other pods are swept once `known` is complete. */
export function publishOwnIps(
  ips: SharedStore,
  {
    node,
    endpoints,
    known,
    ...parts
  }: OwnIpsParts & { node: OwnNode; endpoints: Table<EndpointRow>; known: Table<IpIdentityRow> },
): void {
  const isPublished = (row: EndpointRow) => ipEntryOf(row, node) !== undefined
  const apply = ({ kind, row }: Change<EndpointRow>) => {
    const entry = kind === 'delete' ? undefined : ipEntryOf(row, node)
    if (entry !== undefined) ips.set(entry.key, entry.value)
    // The address may be another endpoint's already.
    else if (!endpoints.byIndex('ip', row.ipv4).some(isPublished)) ips.remove(row.ipv4)
  }
  const told = Promise.withResolvers<void>()
  parts.scope.run(async (signal) => {
    using changes = endpoints.changes()
    await endpoints.whenInitialized(signal)
    changes.take().forEach(apply)
    told.resolve()
    for await (const batch of changes.batches(signal)) batch.forEach(apply)
  })
  parts.scope.run(async (signal) => {
    await known.whenInitialized(signal)
    await told.promise
    const stale = [...known.rows()].filter(({ ip, hostIp }) => hostIp === node.internalIp && !ips.has(ip))
    for (const { ip } of stale) await sweep(ip, { ips, hostIp: node.internalIp, ...parts, signal })
  })
}

async function sweep(
  ip: string,
  {
    store,
    cluster,
    ips,
    hostIp,
    log,
    signal,
  }: OwnIpsParts & { ips: SharedStore; hostIp: string; signal: AbortSignal },
): Promise<void> {
  const attempt = async () => {
    const entry = await store.get(ipPrefix(cluster) + ip, { signal })
    // A pod may have got the address meanwhile, here or elsewhere.
    if (entry === undefined || ips.has(ip) || !isOfHost(entry.value, hostIp)) return
    await store.compareAndDelete(entry.key, entry.modRevision, { signal })
  }
  await retry(attempt, {
    ...agentIntervals.staleKeyRemoval.retry,
    signal,
    shouldRetry: () => true,
    onRetry: (error) => log.warn('stale entry not removed, retrying', { ip, error: describeError(error) }),
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
