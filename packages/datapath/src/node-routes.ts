import { reservedIdentity } from '@axoneme/identity'
import type { NodeRow } from '@axoneme/ipcache'
import { addressFamily, canonicalCidr } from '@axoneme/net-types'
import type { Netlink, RouteSpec } from '@axoneme/netlink'
import type { Target } from '@axoneme/reconciler'
import type { NodeDevices } from './node-devices.ts'
import { isNodeRoute, routeProtocol } from './routes.ts'
import type { LocalNode, RoutingMode } from './types.ts'

const mainTable = 254

/**
 * [nodes] -> the node's routes to other nodes' pod CIDRs: by the other node's address, or into the tunnel. What an
 * earlier process left is pruned.
 */
export function nodeRoutesTarget(options: {
  netlink: Netlink
  local: LocalNode
  devices: NodeDevices
  routingMode: RoutingMode
}): Target<NodeRow> {
  const { netlink, local } = options
  /** By node, so that one whose CIDRs changed loses the old routes without a list of all. */
  const made = new Map<string, readonly RouteSpec[]>()
  const routesOf = (node: NodeRow) => (node.name === local.name ? [] : routesToNode(node, options))
  return {
    update(node) {
      const wanted = routesOf(node)
      const destinations = new Set(wanted.map((route) => route.destination))
      const before = made.get(node.name) ?? []
      made.set(node.name, [...before, ...wanted])
      for (const route of wanted) netlink.replaceRoute(route)
      for (const route of before) if (!destinations.has(route.destination)) netlink.deleteRoute(route)
      made.set(node.name, wanted)
    },
    delete(name, node) {
      for (const route of [...(made.get(name) ?? []), ...routesOf(node)]) netlink.deleteRoute(route)
      made.delete(name)
    },
    prune(nodes) {
      const wanted = new Set(nodes.flatMap(routesOf).map((route) => route.destination))
      for (const route of netlink.routes({ table: mainTable })) {
        if (isNodeRoute(route) && !wanted.has(route.destination)) netlink.deleteRoute(route)
      }
    },
  }
}

/** IPv4 only. A node whose address is none has no routes. */
function routesToNode(
  { podCidrs, internalIp }: NodeRow,
  { local, devices, routingMode }: { local: LocalNode; devices: NodeDevices; routingMode: RoutingMode },
): RouteSpec[] {
  if (addressFamily(internalIp) !== 4) return []
  const destinations = podCidrs
    .map(canonicalCidr)
    .filter((cidr) => cidr !== undefined)
    .filter((cidr) => !cidr.includes(':'))
  const { tunnel, podMtu } = devices
  return destinations.map((destination): RouteSpec => {
    if (routingMode === 'native' || tunnel === undefined) {
      return { destination, gateway: internalIp, protocol: routeProtocol }
    }
    return {
      destination,
      ifIndex: tunnel.ifIndex,
      source: local.routerIp,
      mtu: podMtu,
      protocol: routeProtocol,
      // What the node itself sends arrives as from a remote node, and is answered through the tunnel.
      encap: { kind: 'ip', tunnelId: reservedIdentity.remoteNode, destination: internalIp },
    }
  })
}
