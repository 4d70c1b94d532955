import type { ConstantValue } from '@axoneme/bpf-templater'

/** The values of one endpoint's programs; addresses as they are on the wire. */
export type EndpointValues = Readonly<{
  id: number
  identity: number
  ipv4: Uint8Array
  ifIndex: number
  podMac: Uint8Array
  hostMac: Uint8Array
  /** Where routing is by tunnel. */
  tunnelIfIndex?: number
}>

/** The constants of the lxc template. */
export function endpointConstants(values: EndpointValues): Record<string, ConstantValue> {
  return {
    EP_ID: values.id,
    EP_IDENTITY: values.identity,
    EP_IPV4: values.ipv4,
    EP_IFINDEX: values.ifIndex,
    POD_MAC: values.podMac,
    HOST_MAC: values.hostMac,
    ...(values.tunnelIfIndex === undefined ? {} : { TUNNEL_IFINDEX: values.tunnelIfIndex }),
  }
}

/** The same as symbols of the object (c/lib/constants.h): the number that each load instruction gives. */
export function endpointSymbols(values: EndpointValues): Record<string, bigint> {
  return {
    'EP_ID.u16': BigInt(values.id),
    'EP_IDENTITY.u32': BigInt(values.identity),
    'EP_IPV4.be32': loaded(values.ipv4),
    'EP_IFINDEX.u32': BigInt(values.ifIndex),
    'POD_MAC.be48': loaded(values.podMac),
    'HOST_MAC.be48': loaded(values.hostMac),
    ...(values.tunnelIfIndex === undefined ? {} : { 'TUNNEL_IFINDEX.u32': BigInt(values.tunnelIfIndex) }),
  }
}

/** What a load from memory gives where the bytes lie. */
function loaded(bytes: Uint8Array): bigint {
  const memory = Buffer.alloc(8)
  memory.set(bytes)
  return memory.readBigUInt64LE()
}
