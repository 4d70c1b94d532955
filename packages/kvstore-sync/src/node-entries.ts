import type { NodeRow } from '@axoneme/ipcache'
import type { KvEvent, Kvstore } from '@axoneme/kvstore'
import type { Logger } from '@axoneme/log'
import { addressFamily } from '@axoneme/net-types'
import { createInterner } from '@axoneme/slim-types'
import { createTable, type WritableTable } from '@axoneme/tables'
import { z } from 'zod'
import { cidrOfGoIpNet, type GoIpNet, goIpNetOfCidr, goIpNetSchema } from './go-ipnet.ts'
import { parseJson } from './json.ts'
import { nodePrefix } from './paths.ts'
import { keepOthersEntries, type Parsed, startTableWatcher } from './table-watcher.ts'

/** Cilium's nodeTypes.Node as it marshals it; what is not listed is not used. */
const nodeEntrySchema = z.object({
  Name: z.string().min(1).max(253),
  Cluster: z.string().max(253),
  IPAddresses: z
    .array(z.object({ Type: z.string(), IP: z.string() }))
    .max(64)
    .nullish(),
  IPv4AllocCIDR: goIpNetSchema.nullish(),
  IPv4SecondaryAllocCIDRs: z.array(goIpNetSchema).max(256).nullish(),
  IPv6AllocCIDR: goIpNetSchema.nullish(),
  IPv6SecondaryAllocCIDRs: z.array(goIpNetSchema).max(256).nullish(),
  EncryptionKey: z.int().min(0).max(255).default(0),
  Labels: z.record(z.string(), z.string()).nullish(),
})

/** Nodes by name. */
export function createNodeRowTable(): WritableTable<NodeRow> {
  return createTable<NodeRow>({
    name: 'nodes',
    key: (row) => row.name,
    equals: (a, b) => JSON.stringify(a) === JSON.stringify(b),
  })
}

/** Follows `cilium/state/nodes/v1/<cluster>/`. */
export function startNodeWatcher({
  cluster,
  ...rest
}: {
  store: Pick<Kvstore, 'watchPrefix'>
  table: WritableTable<NodeRow>
  cluster: string
  log: Logger
  signal: AbortSignal
  /** Sees every event, for instance a shared store under the same prefix that need not watch itself then. */
  afterEvent?: (event: KvEvent) => void
}): AsyncDisposable {
  const { intern } = createInterner()
  return startTableWatcher({
    ...rest,
    prefix: nodePrefix(cluster),
    keepLost: keepOthersEntries,
    rowKey: (name) => name,
    parse: (name, value) => parseNodeEntry(name, value, intern),
  })
}

/** `intern` gets what many entries have in common. */
export function parseNodeEntry(
  name: string,
  value: string,
  intern: (text: string) => string = (text) => text,
): Parsed<NodeRow> {
  const parsed = parseJson(nodeEntrySchema, value)
  if (parsed.data === undefined) return { problem: parsed.problem }
  const node = parsed.data
  if (node.Name !== name) return { problem: `the entry is for ${node.Name}` }
  const addressOf = (type: string) =>
    (node.IPAddresses ?? [])
      .filter((address) => address.Type === type && addressFamily(address.IP) !== undefined)
      .sort((a, b) => (addressFamily(a.IP) ?? 0) - (addressFamily(b.IP) ?? 0))[0]?.IP
  const internalIp = addressOf('InternalIP')
  if (internalIp === undefined) return { problem: 'no usable InternalIP among IPAddresses' }
  const podCidrs = podCidrsOf(node)
  if (podCidrs === undefined) return { problem: 'an AllocCIDR is no prefix' }
  return {
    row: {
      name: node.Name,
      cluster: intern(node.Cluster),
      internalIp,
      routerIp: addressOf('CiliumInternalIP') ?? '',
      podCidrs,
      encryptKey: node.EncryptionKey,
      labels: Object.fromEntries(
        Object.entries(node.Labels ?? {}).map(([key, value]) => [intern(key), intern(value)]),
      ),
    },
  }
}

function podCidrsOf(node: z.output<typeof nodeEntrySchema>): string[] | undefined {
  const nets: (GoIpNet | null | undefined)[] = [
    node.IPv4AllocCIDR,
    ...(node.IPv4SecondaryAllocCIDRs ?? []),
    node.IPv6AllocCIDR,
    ...(node.IPv6SecondaryAllocCIDRs ?? []),
  ]
  const cidrs: string[] = []
  for (const net of nets) {
    if (net === null || net === undefined) continue
    const cidr = cidrOfGoIpNet(net)
    if (cidr === undefined) return undefined
    cidrs.push(cidr)
  }
  // A copy: a list that grew has room for more.
  return cidrs.slice()
}

/**
 * Who wrote a node entry, and by what knowledge: the agent of the node, or the operator by the CiliumNode or the Node.
 * The names are Cilium's (pkg/source).
 */
export type NodeSource = 'local' | 'custom-resource' | 'kubernetes'

/** The entry that tells the cluster about a node, for `nodes/v1`. */
export function nodeEntryOf(node: NodeRow, source: NodeSource = 'local'): { key: string; value: string } {
  const [ipv4, ...moreIpv4] = node.podCidrs.filter((cidr) => !cidr.includes(':')).map(goIpNetOfCidr)
  const [ipv6, ...moreIpv6] = node.podCidrs.filter((cidr) => cidr.includes(':')).map(goIpNetOfCidr)
  const value = JSON.stringify({
    Name: node.name,
    Cluster: node.cluster,
    IPAddresses: [
      { Type: 'InternalIP', IP: node.internalIp },
      ...(node.routerIp === '' ? [] : [{ Type: 'CiliumInternalIP', IP: node.routerIp }]),
    ],
    IPv4AllocCIDR: ipv4 ?? null,
    IPv4SecondaryAllocCIDRs: moreIpv4.length === 0 ? null : moreIpv4,
    IPv6AllocCIDR: ipv6 ?? null,
    IPv6SecondaryAllocCIDRs: moreIpv6.length === 0 ? null : moreIpv6,
    IPv4HealthIP: '',
    IPv6HealthIP: '',
    IPv4IngressIP: '',
    IPv6IngressIP: '',
    ClusterID: 0,
    Source: source,
    EncryptionKey: node.encryptKey,
    Labels: node.labels,
    Annotations: {},
    NodeIdentity: 1,
    WireguardPubKey: '',
    BootID: '',
  })
  return { key: node.name, value }
}
