import { reservedIdentity } from '@axoneme/identity'
import type { NodeRow } from '@axoneme/ipcache'
import { canonicalCidr } from '@axoneme/net-types'
import type { Netlink, Route, RouteSpec } from '@axoneme/netlink'
import type { Target } from '@axoneme/reconciler'
import type { NodeDevices } from './node-devices.ts'
import type { LocalNode, RoutingMode } from './types.ts'

/** Marks our routes among all others (/etc/iproute2/rt_protos leaves 192 and up to administrators; 201 is ours). */
export const routeProtocol = 201

/**
 * [nodes] -> the node's routes to other nodes' pod CIDRs: by the other node's address, or into the tunnel. The
 * kernel's routes are the memory: a node whose CIDR changed loses the old route.
 */
export function nodeRoutesTarget({
  netlink,
  local,
  devices,
  routingMode,
}: {
  netlink: Netlink
  local: LocalNode
  devices: NodeDevices
  routingMode: RoutingMode
}): Target<NodeRow> {
  const routesOf = (node: NodeRow): RouteSpec[] =>
    node.name === local.name
      ? []
      : node.podCidrs
          .map((cidr) => canonicalCidr(cidr))
          .filter((cidr) => cidr !== undefined && !cidr.includes(':'))
          .map((destination) => routeTo(destination as string, node, { local, devices, routingMode }))
  const existing = () =>
    netlink.routes({ table: 254 }).filter((route) => route.protocol === routeProtocol && isNodeRoute(route))
  return {
    update(node) {
      for (const route of routesOf(node)) netlink.replaceRoute(route)
    },
    delete(_name, node) {
      for (const route of routesOf(node)) netlink.deleteRoute(route)
    },
    prune(nodes) {
      const wanted = new Set(nodes.flatMap(routesOf).map((route) => route.destination))
      for (const route of existing()) if (!wanted.has(route.destination)) netlink.deleteRoute(route)
    },
  }
}

function routeTo(
  destination: string,
  node: NodeRow,
  { local, devices, routingMode }: { local: LocalNode; devices: NodeDevices; routingMode: RoutingMode },
): RouteSpec {
  if (routingMode === 'native' || devices.tunnel === undefined) {
    return { destination, gateway: node.internalIp, protocol: routeProtocol }
  }
  return {
    destination,
    ifIndex: devices.tunnel.ifIndex,
    source: local.internalIp,
    mtu: devices.podMtu,
    protocol: routeProtocol,
    // What the node itself sends arrives as from a remote node.
    encap: { kind: 'ip', tunnelId: reservedIdentity.remoteNode, destination: node.internalIp },
  }
}

/** Host routes lead to local pods and belong to the endpoints. */
function isNodeRoute(route: Route): boolean {
  return !route.destination.endsWith('/32')
}
