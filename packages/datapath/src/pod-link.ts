import { closeSync } from 'node:fs'
import type { EndpointRow } from '@axoneme/endpoint'
import { isExists, type Link, type Netlink, openNetlink, writeSysctl } from '@axoneme/netlink'
import { type Netns, openNetns } from '@axoneme/syscalls'
import { InterfaceTakenError, NetnsMissingError } from './errors.ts'

/** What every pod of the node shares. */
export type PodNetwork = Readonly<{
  /** The node's address in the pod CIDR. */
  gateway: string
  mtu: number
  /** Where the host sides of pods' links are; this thread's namespace without it. */
  netns?: Netns | undefined
}>

/** Names of the host sides of pods' links, which are all ours. */
export const hostInterfacePattern = /^lxc[0-9a-f]{12}$/

/** `lo` is the first device of every network namespace. */
const loopbackIfIndex = 1

/**
 * The host side of the endpoint's link, when it stands whole: its pod's end is configured and its programs were
 * attached, of which its being up is the mark. What an interrupted attempt or a former endpoint left under the name
 * is removed. Throws InterfaceTakenError when somebody else's device has the name.
 */
export async function takeOverPodLink(netlink: Netlink, endpoint: EndpointRow): Promise<Link | undefined> {
  const link = await netlink.findLink(endpoint.hostIfName)
  if (link === undefined) return undefined
  if (link.kind !== 'veth') throw new InterfaceTakenError(endpoint.hostIfName, 'the node')
  if (link.up && link.mac === endpoint.hostMac) return link
  await netlink.removeLink(link.ifIndex)
  return undefined
}

/**
 * Makes the endpoint's veth pair and configures the pod's end: one host address, everything else by the gateway,
 * whose MAC is known in advance so that nothing waits for ARP. The host side stays down: nothing passes before its
 * programs are attached. When it fails, no link is left. Throws NetnsMissingError, InterfaceTakenError, NetlinkError.
 */
export function makePodLink(netlink: Netlink, endpoint: EndpointRow, network: PodNetwork): Link {
  const netns = openPodNetns(endpoint.netnsPath)
  try {
    const link = addPair(netlink, endpoint, { netns, mtu: network.mtu })
    try {
      using pod = openNetlink({ netns })
      // The index of the pod's end comes with the host side.
      withoutIpv6(netns, endpoint.ifName)
      withoutIpv6(network.netns, endpoint.hostIfName)
      configurePod(pod, endpoint, { ifIndex: link.peerIfIndex ?? 0, network })
      return link
    } catch (error) {
      netlink.ensureNoLink(link.ifIndex)
      throw error
    }
  } finally {
    closeSync(netns)
  }
}

/** Removes this endpoint's link, not one that got its name later. One that is gone is fine. */
export async function removePodLink(netlink: Netlink, { hostIfName, hostMac }: EndpointRow): Promise<void> {
  const link = await netlink.findLink(hostIfName)
  if (link?.kind === 'veth' && link.mac === hostMac) await netlink.removeLink(link.ifIndex)
}

function addPair(
  netlink: Netlink,
  endpoint: EndpointRow,
  { netns, mtu }: { netns: number; mtu: number },
): Link {
  try {
    return netlink.addVeth({
      name: endpoint.hostIfName,
      peerName: endpoint.ifName,
      peerNetns: netns,
      mac: endpoint.hostMac,
      peerMac: endpoint.podMac,
      mtu,
    })
  } catch (cause) {
    // The name on the node was free: it is the pod's that is not.
    if (!isExists(cause)) throw cause
    throw new InterfaceTakenError(endpoint.ifName, endpoint.netnsPath, { cause })
  }
}

function configurePod(
  pod: Netlink,
  { ipv4, hostMac }: EndpointRow,
  { ifIndex, network: { gateway, mtu } }: { ifIndex: number; network: PodNetwork },
): void {
  pod.setLink({ ifIndex: loopbackIfIndex, up: true })
  pod.replaceAddress({ ifIndex, address: ipv4, prefixLength: 32 })
  pod.setLink({ ifIndex, up: true })
  pod.replaceNeighbour({ ifIndex, address: gateway, mac: hostMac, permanent: true })
  pod.replaceRoute({ destination: `${gateway}/32`, ifIndex, source: ipv4 })
  pod.replaceRoute({ destination: '0.0.0.0/0', gateway, ifIndex, source: ipv4, mtu })
}

/** The datapath has no IPv6 yet: what the stack sends of its own accord would be drops that mean nothing. */
function withoutIpv6(netns: Netns | undefined, device: string): void {
  const key = `net.ipv6.conf.${device}.disable_ipv6`
  try {
    writeSysctl(netns, key, '1')
  } catch (error) {
    // A kernel without IPv6 has no such key.
    if (!isMissingFile(error)) throw error
  }
}

function isMissingFile(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
}

function openPodNetns(path: string): number {
  try {
    return openNetns(path)
  } catch (cause) {
    throw new NetnsMissingError(path, { cause })
  }
}
