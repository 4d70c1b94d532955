import { attribute, decodeAttributes, join, u32 } from './attributes.ts'
import { isNotFound, MalformedNetlinkError } from './errors.ts'
import { addressBytes, addressText, familyOf } from './ip-codec.ts'
import { messageFlags, type NetlinkMessage } from './message.ts'
import { type RouteScope, scopeNames, scopeNumber } from './route-codec.ts'
import type { NetlinkSocket } from './socket.ts'

export type InterfaceAddress = Readonly<{
  ifIndex: number
  address: string
  prefixLength: number
  scope: RouteScope
}>

export type NewAddress = {
  ifIndex: number
  address: string
  /** Default: all of the address. */
  prefixLength?: number
  scope?: RouteScope
  /** IPv6: usable at once, without duplicate address detection. */
  noDad?: boolean
}

export type AddressOperations = {
  addresses(filter?: { ifIndex?: number }): InterfaceAddress[]
  /** @throws NetlinkError (isExists) when the device has it already. */
  addAddress(address: NewAddress): void
  /** addAddress, for which an address that is there is fine. */
  replaceAddress(address: NewAddress): void
  deleteAddress(address: { ifIndex: number; address: string; prefixLength?: number }): void
  /** deleteAddress, for which an address that is gone is fine. */
  ensureNoAddress(address: { ifIndex: number; address: string; prefixLength?: number }): void
}

// linux/if_addr.h, linux/rtnetlink.h
const messages = { new: 20, delete: 21, get: 22 } as const
const ifa = { address: 1, local: 2, flags: 8 } as const
const ifaFlagNoDad = 2
/** `struct ifaddrmsg`. */
const headerLength = 8

export function encodeAddress({ ifIndex, address, prefixLength, scope, noDad }: NewAddress): Buffer {
  const bytes = addressBytes(address)
  const header = Buffer.alloc(headerLength)
  header.writeUInt8(familyOf(bytes), 0)
  header.writeUInt8(prefixLength ?? bytes.length * 8, 1)
  header.writeUInt8(scopeNumber(scope ?? 'global'), 3)
  header.writeUInt32LE(ifIndex, 4)
  return join(
    header,
    attribute(ifa.local, bytes),
    attribute(ifa.address, bytes),
    noDad === true ? u32(ifa.flags, ifaFlagNoDad) : undefined,
  )
}

/** @throws MalformedNetlinkError */
export function decodeAddress({ body }: NetlinkMessage): InterfaceAddress {
  if (body.length < headerLength) throw new MalformedNetlinkError(`address of ${body.length} bytes`)
  const attributes = decodeAttributes(body.subarray(headerLength))
  // On a point-to-point link `address` is the other end's.
  const address = addressText(attributes.get(ifa.local) ?? attributes.get(ifa.address))
  if (address === undefined) throw new MalformedNetlinkError('address without an address')
  return {
    ifIndex: body.readUInt32LE(4),
    address,
    prefixLength: body.readUInt8(1),
    scope: scopeNames(body.readUInt8(3)),
  }
}

export function addressOperations(socket: NetlinkSocket): AddressOperations {
  const change = (operation: 'add' | 'replace' | 'delete', address: NewAddress) => {
    const modifiers = { add: messageFlags.exclusive, replace: messageFlags.replace, delete: 0 }[operation]
    socket.change({
      type: operation === 'delete' ? messages.delete : messages.new,
      flags: operation === 'delete' ? 0 : messageFlags.create | modifiers,
      body: encodeAddress(address),
      operation: `${operation} address`,
      object: `${address.address} on ifindex ${address.ifIndex}`,
    })
  }
  return {
    addresses: ({ ifIndex } = {}) => {
      const body = Buffer.alloc(headerLength)
      return socket
        .dump({ type: messages.get, body, operation: 'list addresses', object: 'all' })
        .map(decodeAddress)
        .filter((address) => ifIndex === undefined || address.ifIndex === ifIndex)
    },
    addAddress: (address) => change('add', address),
    replaceAddress: (address) => change('replace', address),
    deleteAddress: (address) => change('delete', address),
    ensureNoAddress: (address) => {
      try {
        change('delete', address)
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    },
  }
}
