import { formatCidr } from '@axoneme/net-types'
import {
  type Attributes,
  attribute,
  be64,
  decodeAttributes,
  join,
  nested,
  readBe64,
  readNested,
  readU8,
  readU32,
  u32,
} from './attributes.ts'
import { MalformedNetlinkError } from './errors.ts'
import { addressBytes, addressText, anyAddress, familyOf, prefixOf } from './ip-codec.ts'
import { optional } from './link-codec.ts'
import type { NetlinkMessage } from './message.ts'

/** How far the destination is: beyond a gateway, on the link, or here. Other numbers stay numbers. */
export type RouteScope = 'global' | 'link' | 'host' | number

/** What the kernel does with a packet of the route. Other numbers stay numbers. */
export type RouteType = 'unicast' | 'local' | 'broadcast' | 'blackhole' | 'unreachable' | 'prohibit' | number

/** The tunnel key that packets of the route get; the route's device is an external VXLAN device. */
export type RouteEncap = Readonly<{
  kind: 'ip'
  tunnelId: number
  /** The other tunnel end, an IPv4 address. */
  destination: string
}>

export type RouteSpec = {
  /** A prefix; `0.0.0.0/0` is the default route. */
  destination: string
  gateway?: string
  ifIndex?: number
  /** Default: `link` for an IPv4 unicast route without gateway, `host` for local ones, else `global`. */
  scope?: RouteScope
  /** Preferred source address. */
  source?: string
  mtu?: number
  /** Default 254, main. */
  table?: number
  /** Who made the route (/etc/iproute2/rt_protos). Default 4, static. */
  protocol?: number
  type?: RouteType
  /** Lower wins. */
  metric?: number
  /** The gateway is reachable on the link although no address says so. */
  onLink?: boolean
  encap?: RouteEncap
}

export type Route = Readonly<
  RouteSpec & { scope: RouteScope; table: number; protocol: number; type: RouteType; onLink: boolean }
>

// linux/rtnetlink.h, linux/lwtunnel.h
export const routeMessages = { new: 24, delete: 25, get: 26 } as const
const mainTable = 254
const protocolStatic = 4
const flagOnLink = 4
const rta = {
  destination: 1,
  oif: 4,
  gateway: 5,
  priority: 6,
  preferredSource: 7,
  metrics: 8,
  table: 15,
  encapType: 21,
  encap: 22,
} as const
const rtaxMtu = 2
const encapIp = 2
const encapIpId = 1
const encapIpDestination = 2
const scopes: ReadonlyMap<string, number> = new Map([
  ['global', 0],
  ['link', 253],
  ['host', 254],
])
const types: ReadonlyMap<string, number> = new Map([
  ['unicast', 1],
  ['local', 2],
  ['broadcast', 3],
  ['blackhole', 6],
  ['unreachable', 7],
  ['prohibit', 8],
])

/** `struct rtmsg`. */
const headerLength = 12

export function encodeRoute(route: RouteSpec): Buffer {
  const { address, prefixLength } = prefixOf(route.destination)
  const table = route.table ?? mainTable
  const header = Buffer.alloc(headerLength)
  header.writeUInt8(familyOf(address), 0)
  header.writeUInt8(prefixLength, 1)
  // Tables above 255 are in the attribute only.
  header.writeUInt8(table > 255 ? 0 : table, 4)
  header.writeUInt8(route.protocol ?? protocolStatic, 5)
  header.writeUInt8(scopeNumber(route.scope ?? defaultScope(route)), 6)
  header.writeUInt8(numberIn(types, route.type ?? 'unicast'), 7)
  header.writeUInt32LE(route.onLink === true ? flagOnLink : 0, 8)
  return join(
    header,
    prefixLength === 0 ? undefined : attribute(rta.destination, address),
    u32(rta.table, table),
    ...defined(route.gateway, (gateway) => attribute(rta.gateway, addressBytes(gateway))),
    ...defined(route.ifIndex, (ifIndex) => u32(rta.oif, ifIndex)),
    ...defined(route.metric, (metric) => u32(rta.priority, metric)),
    ...defined(route.source, (source) => attribute(rta.preferredSource, addressBytes(source))),
    ...defined(route.mtu, (mtu) => nested(rta.metrics, u32(rtaxMtu, mtu))),
    ...(route.encap === undefined ? [] : encodeEncap(route.encap)),
  )
}

/** Asks which route a packet to `address` takes. */
export function encodeLookup(address: string): Buffer {
  const bytes = addressBytes(address)
  const header = Buffer.alloc(headerLength)
  header.writeUInt8(familyOf(bytes), 0)
  header.writeUInt8(bytes.length * 8, 1)
  return join(header, attribute(rta.destination, bytes))
}

/** Asks for the routes of a table, or of all. */
export function encodeRouteList(table: number | undefined): Buffer {
  const header = Buffer.alloc(headerLength)
  return join(header, table === undefined ? undefined : u32(rta.table, table))
}

/** @throws MalformedNetlinkError */
export function decodeRoute({ body }: NetlinkMessage): Route {
  if (body.length < headerLength) throw new MalformedNetlinkError(`route of ${body.length} bytes`)
  const attributes = decodeAttributes(body.subarray(headerLength))
  const destination = addressText(attributes.get(rta.destination)) ?? anyAddress(body.readUInt8(0))
  const metrics = readNested(attributes, rta.metrics)
  return {
    destination: formatCidr({ address: addressBytes(destination), prefixLength: body.readUInt8(1) }),
    table: readU32(attributes, rta.table) ?? body.readUInt8(4),
    protocol: body.readUInt8(5),
    scope: scopeNames(body.readUInt8(6)),
    type: nameIn(types, body.readUInt8(7)) as RouteType,
    onLink: (body.readUInt32LE(8) & flagOnLink) !== 0,
    ...optional('gateway', addressText(attributes.get(rta.gateway))),
    ...optional('ifIndex', readU32(attributes, rta.oif)),
    ...optional('metric', readU32(attributes, rta.priority)),
    ...optional('source', addressText(attributes.get(rta.preferredSource))),
    ...optional('mtu', metrics && readU32(metrics, rtaxMtu)),
    ...optional('encap', decodeEncap(attributes)),
  }
}

export function scopeNumber(scope: RouteScope): number {
  return numberIn(scopes, scope)
}

export function scopeNames(number: number): RouteScope {
  return nameIn(scopes, number) as RouteScope
}

function defaultScope({ destination, gateway, type }: RouteSpec): RouteScope {
  if (type === 'local') return 'host'
  const direct = gateway === undefined && (type === undefined || type === 'unicast')
  return direct && !destination.includes(':') ? 'link' : 'global'
}

function encodeEncap({ tunnelId, destination }: RouteEncap): Buffer[] {
  const type = Buffer.alloc(2)
  type.writeUInt16LE(encapIp)
  return [
    attribute(rta.encapType, type),
    nested(
      rta.encap,
      be64(encapIpId, BigInt(tunnelId)),
      attribute(encapIpDestination, addressBytes(destination)),
    ),
  ]
}

function decodeEncap(attributes: Attributes): RouteEncap | undefined {
  // The type is 16 bits; its low byte tells all the kinds there are apart.
  if (readU8(attributes, rta.encapType) !== encapIp) return undefined
  const encap = readNested(attributes, rta.encap)
  const destination = addressText(encap?.get(encapIpDestination))
  if (encap === undefined || destination === undefined) return undefined
  return { kind: 'ip', tunnelId: Number(readBe64(encap, encapIpId) ?? 0n), destination }
}

function defined<T>(value: T | undefined, encode: (value: T) => Buffer): Buffer[] {
  return value === undefined ? [] : [encode(value)]
}

function numberIn(names: ReadonlyMap<string, number>, value: string | number): number {
  const number = typeof value === 'number' ? value : names.get(value)
  if (number === undefined) throw new RangeError(`unknown name ${JSON.stringify(value)}`)
  return number
}

function nameIn(names: ReadonlyMap<string, number>, number: number): string | number {
  for (const [name, at] of names) if (at === number) return name
  return number
}
