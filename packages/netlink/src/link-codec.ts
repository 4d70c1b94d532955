import { formatMac, parseMac } from '@axoneme/net-types'
import {
  type Attributes,
  attribute,
  be16,
  decodeAttributes,
  join,
  nested,
  readNested,
  readText,
  readU32,
  text,
  u8,
  u32,
} from './attributes.ts'
import { MalformedNetlinkError } from './errors.ts'
import type { NetlinkMessage } from './message.ts'

/** A network device as its namespace sees it. */
export type Link = Readonly<{
  ifIndex: number
  name: string
  /** `veth`, `bridge`, `vxlan`, ...; absent for hardware and loopback. */
  kind?: string
  /** Absent where the device has no Ethernet address. */
  mac?: string
  mtu: number
  /** Administratively up. */
  up: boolean
  /** Up, and with a carrier. */
  running: boolean
  loopback: boolean
  /** The bridge or bond that it is a port of. */
  masterIfIndex?: number
  /** The other end of a veth, or the device below; an index of `peerNetnsId`'s namespace where that is given. */
  peerIfIndex?: number
  peerNetnsId?: number
}>

export type LinkChange = {
  up?: boolean | undefined
  /** Whether neighbours are asked for their addresses by ARP; without, each gets the device's own. */
  arp?: boolean | undefined
  /** 0 takes the device out of its master. */
  master?: number | undefined
  mac?: string | undefined
  mtu?: number | undefined
  name?: string | undefined
  /** A descriptor of the namespace to move the device to. */
  netnsFd?: number | undefined
}

export type LinkKind =
  | { kind: 'bridge' | 'dummy' }
  | { kind: 'veth'; peer: LinkChange }
  | { kind: 'vxlan'; port: number; external: true }

// linux/rtnetlink.h, linux/if_link.h, linux/if.h
export const linkMessages = { new: 16, delete: 17, get: 18 } as const
const iff = { up: 0x1, loopback: 0x8, running: 0x40, noArp: 0x80 } as const
const ifla = {
  address: 1,
  name: 3,
  mtu: 4,
  link: 5,
  master: 10,
  linkInfo: 18,
  netnsFd: 28,
  linkNetnsId: 37,
} as const
const infoKind = 1
const infoData = 2
const vethInfoPeer = 1
const vxlan = { learning: 7, port: 15, udpZeroCsum6Rx: 20, collectMetadata: 25 } as const

/** `struct ifinfomsg`. */
const headerLength = 16

/** The body of a request about one link, found by `ifIndex` or else by the name in `change`. */
export function encodeLink({
  ifIndex = 0,
  change = {},
  kind,
}: {
  ifIndex?: number
  change?: LinkChange
  kind?: LinkKind
}): Buffer {
  return join(linkHeader(ifIndex, change), ...changeAttributes(change), kind && encodeKind(kind))
}

/** @throws MalformedNetlinkError */
export function decodeLink({ body }: NetlinkMessage): Link {
  if (body.length < headerLength) throw new MalformedNetlinkError(`link of ${body.length} bytes`)
  const attributes = decodeAttributes(body.subarray(headerLength))
  const flags = body.readUInt32LE(8)
  const info = readNested(attributes, ifla.linkInfo)
  return {
    ifIndex: body.readInt32LE(4),
    name: readText(attributes, ifla.name) ?? '',
    mtu: readU32(attributes, ifla.mtu) ?? 0,
    up: (flags & iff.up) !== 0,
    running: (flags & iff.running) !== 0,
    loopback: (flags & iff.loopback) !== 0,
    ...optional('kind', info && readText(info, infoKind)),
    ...optional('mac', readMac(attributes)),
    ...optional('masterIfIndex', readU32(attributes, ifla.master)),
    ...optional('peerIfIndex', readU32(attributes, ifla.link)),
    ...optional('peerNetnsId', readU32(attributes, ifla.linkNetnsId)),
  }
}

/** Network-order bytes of `mac`; a RangeError names what is none. */
export function macBytes(mac: string): Uint8Array {
  const bytes = parseMac(mac)
  if (bytes === undefined) throw new RangeError(`${JSON.stringify(mac)} is no MAC address`)
  return bytes
}

/** `{ key: value }`, or nothing when there is no value. */
export function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V })
}

function linkHeader(ifIndex: number, { up, arp }: LinkChange): Buffer {
  const header = Buffer.alloc(headerLength)
  header.writeInt32LE(ifIndex, 4)
  header.writeUInt32LE((up === true ? iff.up : 0) | (arp === false ? iff.noArp : 0), 8)
  header.writeUInt32LE((up === undefined ? 0 : iff.up) | (arp === undefined ? 0 : iff.noArp), 12)
  return header
}

function changeAttributes({ name, mtu, mac, master, netnsFd }: LinkChange): (Buffer | undefined)[] {
  return [
    name === undefined ? undefined : text(ifla.name, name),
    mtu === undefined ? undefined : u32(ifla.mtu, mtu),
    mac === undefined ? undefined : attribute(ifla.address, macBytes(mac)),
    master === undefined ? undefined : u32(ifla.master, master),
    netnsFd === undefined ? undefined : u32(ifla.netnsFd, netnsFd),
  ]
}

function encodeKind(kind: LinkKind): Buffer {
  return nested(ifla.linkInfo, text(infoKind, kind.kind), kindData(kind))
}

function kindData(kind: LinkKind): Buffer | undefined {
  switch (kind.kind) {
    case 'veth': {
      const peer = join(linkHeader(0, kind.peer), ...changeAttributes(kind.peer))
      return nested(infoData, attribute(vethInfoPeer, peer))
    }
    case 'vxlan':
      return nested(
        infoData,
        u8(vxlan.collectMetadata, 1),
        u8(vxlan.learning, 0),
        u8(vxlan.udpZeroCsum6Rx, 1),
        be16(vxlan.port, kind.port),
      )
    case 'bridge':
    case 'dummy':
      return undefined
  }
}

function readMac(attributes: Attributes): string | undefined {
  const bytes = attributes.get(ifla.address)
  return bytes?.length === 6 ? formatMac(bytes) : undefined
}
