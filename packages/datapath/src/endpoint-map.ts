import type { BpfMap } from '@axoneme/bpf'
import { addressFamily, endpointKey, endpoint as endpointValue } from '@axoneme/bpf-programs'
import type { EndpointId, EndpointRow } from '@axoneme/endpoint'
import { CodedError } from '@axoneme/lifecycle'
import { formatIp, parseIp, parseMac } from '@axoneme/net-types'

/** One entry of the endpoints map: which pod of this node has an address. */
export type EndpointMapEntry = Readonly<{ key: Buffer; id: EndpointId; ipv4: string }>

/** Throws CodedError when the endpoint has no IPv4 address. */
export function encodeEndpointKey({ id, ipv4 }: Pick<EndpointRow, 'id' | 'ipv4'>): Buffer {
  const bytes = parseIp(ipv4)
  if (bytes?.length !== 4)
    throw new CodedError('DATAPATH_ADDRESS', `encode address ${ipv4} of endpoint ${id}`)
  const address = new Uint8Array(16)
  address.set(bytes)
  return endpointKey.encode({ address, family: addressFamily.ipv4 })
}

/** Throws CodedError when a MAC address is none. */
export function encodeEndpointValue(endpoint: EndpointRow, ifindex: number): Buffer {
  const { identity, id } = endpoint
  const mac = parseMac(endpoint.podMac)
  const hostMac = parseMac(endpoint.hostMac)
  if (mac === undefined || hostMac === undefined) {
    throw new CodedError('DATAPATH_ADDRESS', `encode MAC addresses of endpoint ${id}`)
  }
  return endpointValue.encode({ ifindex, identity, id, mac, hostMac })
}

/** Removes the endpoint's entry, not that of one which got the address later. One that is gone is fine. */
export function deleteEndpointEntry(map: BpfMap, endpoint: EndpointRow): void {
  const key = encodeEndpointKey(endpoint)
  const value = map.lookup(key)
  if (value !== undefined && endpointValue.decode(value).id === endpoint.id) map.delete(key)
}

/** All IPv4 entries. */
export function readEndpointMap(map: BpfMap): EndpointMapEntry[] {
  return Array.from(map.entries(), ([key, value]) => ({
    key,
    id: endpointValue.decode(value).id,
    ipv4: formatIp(endpointKey.decode(key).address.subarray(0, 4)),
  }))
}
