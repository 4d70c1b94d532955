import { type Link, type Netlink, readSysctl, writeSysctl } from '@axoneme/netlink'
import type { Netns } from '@axoneme/syscalls'
import { DeviceMissingError } from './errors.ts'
import type { LocalNode, RoutingMode } from './types.ts'

export const hostDevice = 'axo_host'
/** Nothing uses it: a pair, since not every kernel has dummy devices. */
const hostDevicePeer = 'axo_net'
export const tunnelDevice = 'axo_vxlan'
/** Cilium's default, which its users' firewalls know; the IANA port of VXLAN is 4789. */
const vxlanPort = 8472
/** Outer IPv4, UDP and VXLAN headers and the inner Ethernet header. */
const vxlanOverheadBytes = 50

export type NodeDevices = Readonly<{
  /** MTU of pods' interfaces and of routes to other nodes' pods. */
  podMtu: number
  /** The devices that lead to other nodes. */
  external: readonly Link[]
  /** Present in tunnel mode. */
  tunnel: Link | undefined
}>

/** Makes what the node itself needs, and leaves alone what is there already. Throws DeviceMissingError. */
export function ensureNodeDevices({
  netlink,
  netns,
  node,
  devices,
  routingMode,
}: {
  netlink: Netlink
  /** The namespace that `netlink` speaks to; this thread's when absent. */
  netns?: Netns | undefined
  node: LocalNode
  devices: readonly string[]
  routingMode: RoutingMode
}): NodeDevices {
  writeSysctl(netns, 'net.ipv4.ip_forward', '1')
  const external = devices.map((name) => {
    const link = netlink.linkByName(name)
    if (link === undefined) throw new DeviceMissingError(name)
    return link
  })
  ensureHostDevice(netlink, node)
  const deviceMtu = Math.min(...external.map((link) => link.mtu), 65535)
  if (routingMode === 'native') {
    netlink.ensureNoLink({ name: tunnelDevice })
    return { podMtu: deviceMtu, external, tunnel: undefined }
  }
  for (const { name } of external) loosenReversePathFilter(netns, name)
  const podMtu = deviceMtu - vxlanOverheadBytes
  return { podMtu, external, tunnel: ensureTunnelDevice(netlink, podMtu) }
}

/** Carries the node's address out of its pod CIDR: the pods' gateway, and the node's source towards its pods. */
function ensureHostDevice(netlink: Netlink, node: LocalNode): void {
  const { ifIndex } =
    netlink.linkByName(hostDevice) ?? netlink.addVeth({ name: hostDevice, peerName: hostDevicePeer })
  netlink.setLink({ ifIndex, up: true })
  const peer = netlink.linkByName(hostDevicePeer)
  if (peer !== undefined) netlink.setLink({ ifIndex: peer.ifIndex, up: true })
  for (const { address, prefixLength } of netlink.addresses({ ifIndex })) {
    if (!address.includes(':') && address !== node.routerIp) {
      netlink.ensureNoAddress({ ifIndex, address, prefixLength })
    }
  }
  netlink.replaceAddress({ ifIndex, address: node.routerIp, prefixLength: 32 })
}

function ensureTunnelDevice(netlink: Netlink, mtu: number): Link {
  const link =
    netlink.linkByName(tunnelDevice) ??
    netlink.addVxlan({ name: tunnelDevice, port: vxlanPort, external: true, mtu })
  // Nobody at the other end answers ARP, and the receiving node does not look at the MAC address.
  netlink.setLink({ ifIndex: link.ifIndex, up: true, mtu, arp: false })
  return link
}

/**
 * What a pod sends to another node's own address comes natively, while the way back to the pod is the tunnel: a strict
 * reverse path filter would drop it, a loose one does not.
 */
function loosenReversePathFilter(netns: Netns | undefined, device: string): void {
  const strict = '1'
  const loose = '2'
  const key = (scope: string) => `net.ipv4.conf.${scope.replaceAll('.', '/')}.rp_filter`
  const [all, own] = ['all', device].map((scope) => readSysctl(netns, key(scope)))
  // The kernel takes the higher of the two.
  if (own === strict || (own === '0' && all === strict)) writeSysctl(netns, key(device), loose)
}
