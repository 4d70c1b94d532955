import type { Route, RouteSpec } from '@axoneme/netlink'

/** Marks our routes among all others (/etc/iproute2/rt_protos leaves 192 and up to administrators; 201 is ours). */
export const routeProtocol = 201

/** The way of the node's own stack to a pod. It goes with the pod's link. */
export function podRoute({
  ipv4,
  ifIndex,
  source,
}: {
  ipv4: string
  ifIndex: number
  source: string
}): RouteSpec {
  return { destination: `${ipv4}/32`, ifIndex, source, protocol: routeProtocol }
}

/** Whether it is one of our routes to other nodes. */
export function isNodeRoute(route: Route): boolean {
  return route.protocol === routeProtocol && !route.destination.endsWith('/32')
}
