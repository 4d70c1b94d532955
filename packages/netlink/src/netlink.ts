import type { Netns } from '@axoneme/syscalls'
import { type AddressOperations, addressOperations } from './addresses.ts'
import { type LinkOperations, linkOperations } from './links.ts'
import { type NeighbourOperations, neighbourOperations } from './neighbours.ts'
import { type RouteOperations, routeOperations } from './routes.ts'
import { type NetlinkEvent, openSocket } from './socket.ts'
import { type TrafficControlOperations, trafficControlOperations } from './traffic-control.ts'

/**
 * The network configuration of one namespace. Every call is synchronous and is done when it returns; every failure
 * is a NetlinkError that says what was done to what and what the kernel said.
 */
export type Netlink = LinkOperations &
  AddressOperations &
  RouteOperations &
  NeighbourOperations &
  TrafficControlOperations &
  Disposable

/** Opens a socket in `netns` (default: this thread's), which stays usable wherever the thread goes. */
export function openNetlink(
  options: { netns?: Netns | undefined; observe?: ((event: NetlinkEvent) => void) | undefined } = {},
): Netlink {
  const socket = openSocket(options)
  return {
    ...linkOperations(socket),
    ...addressOperations(socket),
    ...routeOperations(socket),
    ...neighbourOperations(socket),
    ...trafficControlOperations(socket),
    [Symbol.dispose]: () => socket[Symbol.dispose](),
  }
}
