import { parseIp } from '@axoneme/net-types'

/** The number that a person reads in `10.0.0.1`, 0x0a000001: what be32 fields take. Undefined for anything else. */
export function ipv4Number(address: string): number | undefined {
  const bytes = parseIp(address)
  return bytes?.length === 4 ? Buffer.from(bytes).readUInt32BE() : undefined
}
