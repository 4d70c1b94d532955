import { isNotFound } from './errors.ts'
import { messageFlags } from './message.ts'
import {
  decodeRoute,
  encodeLookup,
  encodeRoute,
  encodeRouteList,
  type Route,
  type RouteSpec,
  routeMessages,
} from './route-codec.ts'
import type { NetlinkSocket } from './socket.ts'

export type RouteOperations = {
  /** The routes of both families, of one table or of all. Next hops of multipath routes are not told. */
  routes(filter?: { table?: number }): Route[]
  /** The route that a packet to `address` takes. @throws NetlinkError when there is none. */
  routeTo(address: string): Route
  /** Adds the route, or puts it in the place of the one with its destination, table and metric. */
  replaceRoute(route: RouteSpec): void
  /** Deletes the first route that is like `route` in what is given. A route that is gone is fine. */
  deleteRoute(route: RouteSpec): void
}

export function routeOperations(socket: NetlinkSocket): RouteOperations {
  const describe = ({ destination, gateway, ifIndex, table }: RouteSpec) =>
    [
      destination,
      gateway === undefined ? '' : ` via ${gateway}`,
      ifIndex === undefined ? '' : ` on ifindex ${ifIndex}`,
      table === undefined ? '' : ` in table ${table}`,
    ].join('')
  return {
    routes: ({ table } = {}) =>
      list(socket, table)
        .map(decodeRoute)
        .filter((route) => table === undefined || route.table === table),
    routeTo: (address) => {
      const body = encodeLookup(address)
      const request = { type: routeMessages.get, body, operation: 'look up route', object: address }
      const [message] = socket.query(request)
      if (message === undefined) throw new RangeError(`no answer for the route to ${address}`)
      return decodeRoute(message)
    },
    replaceRoute: (route) =>
      socket.change({
        type: routeMessages.new,
        flags: messageFlags.create | messageFlags.replace,
        body: encodeRoute(route),
        operation: 'replace route',
        object: describe(route),
      }),
    deleteRoute: (route) => {
      try {
        // Anybody's route and any scope, unless it is said which.
        const like = { protocol: 0, scope: 255, type: 0, ...route }
        socket.change({
          type: routeMessages.delete,
          body: encodeRoute(like),
          operation: 'delete route',
          object: describe(route),
        })
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    },
  }
}

function list(socket: NetlinkSocket, table: number | undefined) {
  try {
    const body = encodeRouteList(table)
    return socket.dump({ type: routeMessages.get, body, operation: 'list routes', object: 'all' })
  } catch (error) {
    // A table that nobody used yet.
    if (table !== undefined && isNotFound(error)) return []
    throw error
  }
}
