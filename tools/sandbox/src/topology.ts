import { openNetlink, writeSysctl } from '@axoneme/netlink'
import { createNetns } from '@axoneme/syscalls'
import { fabric, type Instance, type Node } from './instance.ts'

const bridgeName = 'bridge'
const nodeInterface = 'eth0'

/**
 * Joins the nodes' network namespaces by a bridge in the fabric's. Nothing is made in the caller's own namespace, so
 * removing the namespaces removes everything.
 */
export function createTopology(instance: Instance, nodes: readonly Node[]): void {
  createNetns(instance.fabricNetns)
  using netlink = openNetlink({ netns: instance.fabricNetns })
  raiseLoopback(instance.fabricNetns)
  const bridge = netlink.addBridge({ name: bridgeName, mtu: fabric.mtu, up: true })
  netlink.addAddress({ ifIndex: bridge.ifIndex, address: fabric.gateway, prefixLength: fabric.prefixLength })
  for (const node of nodes) {
    createNode(node)
    const port = netlink.addVeth({
      name: node.name,
      peerName: nodeInterface,
      peerNetns: node.netns,
      mtu: fabric.mtu,
    })
    netlink.setLink({ ifIndex: port.ifIndex, master: bridge.ifIndex, up: true })
    configureNode(node)
  }
}

function createNode(node: Node): void {
  createNetns(node.netns)
  raiseLoopback(node.netns)
  writeSysctl(node.netns, 'net.ipv4.ip_forward', '1')
  // Replies of pods take other ways than the requests: the datapath, not the routing table, decides.
  for (const scope of ['all', 'default']) writeSysctl(node.netns, `net.ipv4.conf.${scope}.rp_filter`, '0')
}

function configureNode(node: Node): void {
  using netlink = openNetlink({ netns: node.netns })
  const link = netlink.linkByName(nodeInterface)
  if (link === undefined) throw new Error(`${nodeInterface} of ${node.name} is gone again`)
  netlink.addAddress({ ifIndex: link.ifIndex, address: node.address, prefixLength: fabric.prefixLength })
  netlink.setLink({ ifIndex: link.ifIndex, up: true })
  netlink.replaceRoute({ destination: '0.0.0.0/0', gateway: fabric.gateway })
}

/** The pods' namespaces need it too: a container expects 127.0.0.1 to answer. */
export function raiseLoopback(netns: string): void {
  using netlink = openNetlink({ netns })
  const loopback = netlink.linkByName('lo')
  if (loopback !== undefined) netlink.setLink({ ifIndex: loopback.ifIndex, up: true })
}
