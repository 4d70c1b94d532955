import { type Cidr, formatIp, parseCidr, parseIp } from '@axoneme/net-types'

/** AF_INET and AF_INET6 by the number of address bytes. */
const families = { 4: 2, 16: 10 } as const

export function familyOf(address: Uint8Array): number {
  return address.length === 4 ? families[4] : families[16]
}

export function addressBytes(address: string): Uint8Array {
  const bytes = parseIp(address)
  if (bytes === undefined) throw new RangeError(`${JSON.stringify(address)} is no IP address`)
  return bytes
}

export function prefixOf(cidr: string): Cidr {
  const prefix = parseCidr(cidr)
  if (prefix === undefined) throw new RangeError(`${JSON.stringify(cidr)} is no prefix`)
  return prefix
}

/** Text of the 4 or 16 bytes of an attribute; undefined for anything else. */
export function addressText(bytes: Buffer | undefined): string | undefined {
  return bytes !== undefined && (bytes.length === 4 || bytes.length === 16) ? formatIp(bytes) : undefined
}

/** `0.0.0.0` or `::`: what an absent destination means. */
export function anyAddress(family: number): string {
  return family === families[4] ? '0.0.0.0' : '::'
}
