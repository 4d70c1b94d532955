import { formatMac } from '@axoneme/net-types'
import { attribute, decodeAttributes, join } from './attributes.ts'
import { isNotFound, MalformedNetlinkError } from './errors.ts'
import { addressBytes, addressText, familyOf } from './ip-codec.ts'
import { macBytes, optional } from './link-codec.ts'
import { messageFlags, type NetlinkMessage } from './message.ts'
import type { NetlinkSocket } from './socket.ts'

export type Neighbour = Readonly<{
  ifIndex: number
  address: string
  /** Absent while it is being resolved, or when that failed. */
  mac?: string
  permanent: boolean
  /** NUD_* bits of linux/neighbour.h. */
  state: number
}>

export type NeighbourOperations = {
  neighbours(filter?: { ifIndex?: number }): Neighbour[]
  replaceNeighbour(neighbour: { ifIndex: number; address: string; mac: string; permanent: boolean }): void
  /** A neighbour that is gone is fine. */
  deleteNeighbour(neighbour: { ifIndex: number; address: string }): void
}

// linux/neighbour.h, linux/rtnetlink.h
const messages = { new: 28, delete: 29, get: 30 } as const
const nda = { destination: 1, linkAddress: 2 } as const
const nud = { reachable: 0x02, permanent: 0x80 } as const
/** `struct ndmsg`. */
const headerLength = 12

export function encodeNeighbour({
  ifIndex,
  address,
  mac,
  permanent = false,
}: {
  ifIndex: number
  address: string
  mac?: string
  permanent?: boolean
}): Buffer {
  const bytes = addressBytes(address)
  const header = Buffer.alloc(headerLength)
  header.writeUInt8(familyOf(bytes), 0)
  header.writeInt32LE(ifIndex, 4)
  header.writeUInt16LE(permanent ? nud.permanent : nud.reachable, 8)
  return join(
    header,
    attribute(nda.destination, bytes),
    mac === undefined ? undefined : attribute(nda.linkAddress, macBytes(mac)),
  )
}

/** Undefined for an entry without an IP address, like a bridge's. @throws MalformedNetlinkError */
export function decodeNeighbour({ body }: NetlinkMessage): Neighbour | undefined {
  if (body.length < headerLength) throw new MalformedNetlinkError(`neighbour of ${body.length} bytes`)
  const attributes = decodeAttributes(body.subarray(headerLength))
  const address = addressText(attributes.get(nda.destination))
  if (address === undefined) return undefined
  const mac = attributes.get(nda.linkAddress)
  const state = body.readUInt16LE(8)
  return {
    ifIndex: body.readInt32LE(4),
    address,
    permanent: (state & nud.permanent) !== 0,
    state,
    ...optional('mac', mac?.length === 6 ? formatMac(mac) : undefined),
  }
}

export function neighbourOperations(socket: NetlinkSocket): NeighbourOperations {
  const describe = ({ ifIndex, address }: { ifIndex: number; address: string }) =>
    `${address} on ifindex ${ifIndex}`
  return {
    neighbours: ({ ifIndex } = {}) =>
      socket
        .dump({
          type: messages.get,
          body: Buffer.alloc(headerLength),
          operation: 'list neighbours',
          object: 'all',
        })
        .map(decodeNeighbour)
        .filter((neighbour) => neighbour !== undefined)
        .filter((neighbour) => ifIndex === undefined || neighbour.ifIndex === ifIndex),
    replaceNeighbour: (neighbour) =>
      socket.change({
        type: messages.new,
        flags: messageFlags.create | messageFlags.replace,
        body: encodeNeighbour(neighbour),
        operation: 'replace neighbour',
        object: describe(neighbour),
      }),
    deleteNeighbour: (neighbour) => {
      try {
        socket.change({
          type: messages.delete,
          body: encodeNeighbour(neighbour),
          operation: 'delete neighbour',
          object: describe(neighbour),
        })
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    },
  }
}
