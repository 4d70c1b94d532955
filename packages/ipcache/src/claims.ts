import type { EndpointRow } from '@axoneme/endpoint'
import { reservedIdentity } from '@axoneme/identity'
import { addressFamily, formatCidr, hostCidr, parseCidr } from '@axoneme/net-types'
import type { PrefixIdentityRow } from '@axoneme/policy'
import type { IpcacheRow, IpIdentityRow, NodeRow } from './types.ts'

/** `native`: the node's routes carry packets to other nodes. `tunnel`: they are sent to the other node's address. */
export type RoutingMode = 'native' | 'tunnel'

/** This node. */
export type LocalNode = Pick<NodeRow, 'name' | 'internalIp' | 'routerIp'>

/**
 * Who may say what a prefix is, strongest first. Nodes stand before pods, so that no entry of the kvstore takes a
 * node's address; what this node knows itself stands before what others say; addresses of the cluster stand before
 * prefixes of policies, whose ipBlocks select only addresses outside of it.
 */
export const claimRanks = [
  'local-node',
  'local-endpoint',
  'remote-node',
  'pod',
  'prefix',
  'pod-cidr',
] as const
type ClaimKind = (typeof claimRanks)[number]

/** One source's statement about a prefix. */
export type Claim = Readonly<{ kind: ClaimKind; row: IpcacheRow }>

/** What the rows mean depends on these. */
export type ClaimContext = Readonly<{ localNode: LocalNode; routingMode: RoutingMode }>

export function claimsOfEndpoint({ ipv4, identity }: EndpointRow): Claim[] {
  if (identity === reservedIdentity.unknown) return []
  return hostClaim('local-endpoint', ipv4, { identity, tunnelEndpoint: '', encryptKey: 0 })
}

export function claimsOfPod(pod: IpIdentityRow, { localNode, routingMode }: ClaimContext): Claim[] {
  const isRemote = pod.hostIp !== localNode.internalIp
  return hostClaim('pod', pod.ip, {
    identity: pod.identity,
    tunnelEndpoint: routingMode === 'tunnel' && isRemote ? pod.hostIp : '',
    encryptKey: pod.encryptKey,
  })
}

export function claimsOfPrefix({ prefix, identity }: PrefixIdentityRow): Claim[] {
  const cidr = parseCidr(prefix)
  if (cidr === undefined) return []
  return [{ kind: 'prefix', row: { cidr: formatCidr(cidr), identity, tunnelEndpoint: '', encryptKey: 0 } }]
}

/**
 * A node's addresses, and in tunnel mode where the addresses of its pods are (its router address, the source of what
 * it sends to pods, is one of them: the network between the nodes knows none): a pod that is not known yet is reached
 * through its node and counts as `world`, as in Cilium. The local node is known without its row.
 */
export function claimsOfNode(node: NodeRow, { localNode, routingMode }: ClaimContext): Claim[] {
  if (node.name === localNode.name) return []
  const { encryptKey } = node
  const identity = reservedIdentity.remoteNode
  const tunnelEndpoint = routingMode === 'tunnel' ? node.internalIp : ''
  const addresses = [
    ...hostClaim('remote-node', node.internalIp, { identity, tunnelEndpoint: '', encryptKey }),
    ...hostClaim('remote-node', node.routerIp, { identity, tunnelEndpoint, encryptKey }),
  ]
  if (routingMode === 'native') return addresses
  const podCidrs = node.podCidrs.flatMap((text): Claim[] => {
    const cidr = parseCidr(text)
    // Everything is no node's pod CIDR: taking it would send the world into one tunnel.
    if (cidr === undefined || cidr.prefixLength === 0) return []
    const row = {
      cidr: formatCidr(cidr),
      identity: reservedIdentity.world,
      tunnelEndpoint: node.internalIp,
      encryptKey,
    }
    return [{ kind: 'pod-cidr', row }]
  })
  return [...addresses, ...podCidrs]
}

export function claimsOfLocalNode(localNode: LocalNode): Claim[] {
  return [localNode.internalIp, localNode.routerIp].flatMap((address) =>
    hostClaim('local-node', address, { identity: reservedIdentity.host, tunnelEndpoint: '', encryptKey: 0 }),
  )
}

/** Text that is no address claims nothing. */
function hostClaim(kind: ClaimKind, address: string, row: Omit<IpcacheRow, 'cidr'>): Claim[] {
  if (addressFamily(address) === undefined) return []
  const { identity, tunnelEndpoint, encryptKey } = row
  // Field by field: V8 gives a row that is spread into another one half as much memory again.
  return [{ kind, row: { cidr: hostCidr(address), identity, tunnelEndpoint, encryptKey } }]
}
