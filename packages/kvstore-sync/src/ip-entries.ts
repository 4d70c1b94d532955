import type { EndpointRow } from '@axoneme/endpoint'
import type { IpIdentityRow, NodeRow } from '@axoneme/ipcache'
import type { KvEvent, Kvstore } from '@axoneme/kvstore'
import type { Logger } from '@axoneme/log'
import { addressFamily } from '@axoneme/net-types'
import { createInterner } from '@axoneme/slim-types'
import { createTable, type WritableTable } from '@axoneme/tables'
import { z } from 'zod'
import { parseJson } from './json.ts'
import { ipPrefix } from './paths.ts'
import { keepOthersEntries, type Parsed, startTableWatcher } from './table-watcher.ts'

/** Cilium's identity.IPIdentityPair as it marshals it; what is not listed is not used. */
const ipEntrySchema = z.object({
  IP: z.string().refine((text) => addressFamily(text) !== undefined, 'not an address'),
  Mask: z.string().nullish(),
  HostIP: z
    .string()
    .nullish()
    .refine((text) => !text || addressFamily(text) !== undefined, 'not an address'),
  ID: z.int().min(1).max(0xffff_ffff),
  Key: z.int().min(0).max(255).default(0),
  K8sNamespace: z.string().max(253).default(''),
  K8sPodName: z.string().max(253).default(''),
})

/** Pod addresses of the cluster by address. */
export function createIpTable(): WritableTable<IpIdentityRow> {
  return createTable<IpIdentityRow>({
    name: 'ip-identities',
    key: (row) => row.ip,
    equals: (a, b) =>
      a.identity === b.identity &&
      a.hostIp === b.hostIp &&
      a.encryptKey === b.encryptKey &&
      a.namespace === b.namespace &&
      a.podName === b.podName,
  })
}

/** Follows `cilium/state/ip/v1/<cluster>/`. */
export function startIpWatcher({
  cluster,
  ...rest
}: {
  store: Pick<Kvstore, 'watchPrefix'>
  table: WritableTable<IpIdentityRow>
  cluster: string
  log: Logger
  signal: AbortSignal
  /** Sees every event, for instance a shared store under the same prefix that need not watch itself then. */
  afterEvent?: (event: KvEvent) => void
}): AsyncDisposable {
  const { intern } = createInterner()
  return startTableWatcher({
    ...rest,
    prefix: ipPrefix(cluster),
    keepLost: keepOthersEntries,
    rowKey: (name) => name,
    parse: (name, value) => parseIpEntry(name, value, intern),
  })
}

/** `intern` gets what many entries have in common. */
export function parseIpEntry(
  name: string,
  value: string,
  intern: (text: string) => string = (text) => text,
): Parsed<IpIdentityRow> {
  const parsed = parseJson(ipEntrySchema, value)
  if (parsed.data === undefined) return { problem: parsed.problem }
  const { IP, Mask, HostIP, ID, Key, K8sNamespace, K8sPodName } = parsed.data
  if (Mask !== null && Mask !== undefined && Mask !== '')
    return { problem: 'entries for prefixes are not supported' }
  if (IP !== name) return { problem: `the entry is for ${IP}` }
  const [hostIp, namespace, podName] = [intern(HostIP ?? ''), intern(K8sNamespace), K8sPodName]
  return { row: { ip: IP, hostIp, identity: ID, encryptKey: Key, namespace, podName } }
}

/** The entry that tells the cluster about an endpoint, for `ip/v1`; undefined while it has no identity. */
export function ipEntryOf(
  endpoint: Pick<EndpointRow, 'id' | 'identity' | 'ipv4' | 'namespace' | 'podName'>,
  node: Pick<NodeRow, 'name' | 'cluster' | 'internalIp' | 'encryptKey'>,
): { key: string; value: string } | undefined {
  if (endpoint.identity === 0 || endpoint.ipv4 === '') return undefined
  const value = JSON.stringify({
    IP: endpoint.ipv4,
    Mask: null,
    HostIP: node.internalIp,
    ID: endpoint.identity,
    Key: node.encryptKey,
    Metadata: `cilium-global:${node.cluster}:${node.name}:${endpoint.id}`,
    K8sNamespace: endpoint.namespace,
    K8sPodName: endpoint.podName,
  })
  return { key: endpoint.ipv4, value }
}
