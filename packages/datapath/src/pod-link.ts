import type { EndpointRow } from '@axoneme/endpoint'
import { type Link, type Netlink, openNetlink } from '@axoneme/netlink'
import { netnsInode } from '@axoneme/syscalls'
import { InterfaceTakenError, NetnsMissingError } from './errors.ts'

export type PodNetwork = Readonly<{
  /** The node's address in the pod CIDR. */
  gateway: string
  mtu: number
}>

/**
 * Makes the endpoint's veth pair and configures the pod's end: one host address, everything else by the gateway,
 * whose MAC is known in advance so that nothing waits for ARP. What is there already is left alone. When it fails,
 * no link is left.
 */
export function ensurePodLink(netlink: Netlink, endpoint: EndpointRow, network: PodNetwork): Link {
  const existing = netlink.linkByName(endpoint.hostIfName)
  if (existing !== undefined) return existing
  assertNetns(endpoint.netnsPath)
  using pod = openNetlink({ netns: endpoint.netnsPath })
  if (pod.linkByName(endpoint.ifName) !== undefined) {
    throw new InterfaceTakenError(endpoint.ifName, endpoint.netnsPath)
  }
  const link = netlink.addVeth({
    name: endpoint.hostIfName,
    peerName: endpoint.ifName,
    peerNetns: endpoint.netnsPath,
    mac: endpoint.hostMac,
    peerMac: endpoint.podMac,
    mtu: network.mtu,
    up: true,
  })
  try {
    configurePod(pod, endpoint, network)
  } catch (error) {
    netlink.ensureNoLink(link.ifIndex)
    throw error
  }
  return link
}

function configurePod(pod: Netlink, endpoint: EndpointRow, { gateway, mtu }: PodNetwork): void {
  const loopback = pod.linkByName('lo')
  if (loopback !== undefined && !loopback.up) pod.setLink({ ifIndex: loopback.ifIndex, up: true })
  const link = pod.linkByName(endpoint.ifName)
  if (link === undefined) throw new InterfaceTakenError(endpoint.ifName, endpoint.netnsPath)
  const { ifIndex } = link
  pod.replaceAddress({ ifIndex, address: endpoint.ipv4, prefixLength: 32 })
  pod.setLink({ ifIndex, up: true })
  pod.replaceNeighbour({ ifIndex, address: gateway, mac: endpoint.hostMac, permanent: true })
  pod.replaceRoute({ destination: `${gateway}/32`, ifIndex, source: endpoint.ipv4 })
  pod.replaceRoute({ destination: '0.0.0.0/0', gateway, ifIndex, source: endpoint.ipv4, mtu })
}

function assertNetns(path: string): void {
  try {
    netnsInode(path)
  } catch (cause) {
    throw new NetnsMissingError(path, { cause })
  }
}
