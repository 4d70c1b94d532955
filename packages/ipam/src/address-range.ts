import { type Cidr, formatCidr, formatIp, parseIp } from '@axoneme/net-types'

/** The number that network-order bytes spell. */
export function numberOf(address: Uint8Array): bigint {
  let value = 0n
  for (const byte of address) value = (value << 8n) | BigInt(byte)
  return value
}

/** Network-order bytes of a number; `byteCount` is 4 or 16. */
function bytesOf(value: bigint, byteCount: number): Uint8Array {
  const bytes = new Uint8Array(byteCount)
  for (let i = byteCount - 1, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn)
  return bytes
}

/** The address `offset` after the first one of the prefix. */
export function addressAt(cidr: Cidr, offset: number): string {
  return formatIp(bytesOf(numberOf(cidr.address) + BigInt(offset), cidr.address.length))
}

/** How far an address is from the prefix's first one; undefined when it is none or outside. */
export function offsetOf(cidr: Cidr, address: string): number | undefined {
  const bytes = parseIp(address)
  if (bytes?.length !== cidr.address.length) return undefined
  const offset = numberOf(bytes) - numberOf(cidr.address)
  if (offset < 0n || offset >= 1n << BigInt(bytes.length * 8 - cidr.prefixLength)) return undefined
  return Number(offset)
}

/** The `index`th prefix of `prefixLength` in a pool. */
export function subnetAt(pool: Cidr, prefixLength: number, index: number): string {
  const hostBits = BigInt(pool.address.length * 8 - prefixLength)
  const address = bytesOf(numberOf(pool.address) + (BigInt(index) << hostBits), pool.address.length)
  return formatCidr({ address, prefixLength })
}
