import type { EndpointRow } from '@axoneme/endpoint'
import { CodedError } from '@axoneme/lifecycle'
import { parseIp, parseMac } from '@axoneme/net-types'

/** The values that make the endpoint program of one pod out of the template (bpf-programs/c, lib/constants.h). */
export function endpointConstants(
  endpoint: EndpointRow,
  { ifIndex, tunnelIfIndex }: { ifIndex: number; tunnelIfIndex: number | undefined },
): Record<string, number | bigint> {
  return {
    EP_ID: endpoint.id,
    EP_IDENTITY: endpoint.identity,
    EP_IPV4: memoryOrder(parseIp(endpoint.ipv4), 4, endpoint.ipv4),
    EP_IFINDEX: ifIndex,
    POD_MAC: memoryOrder(parseMac(endpoint.podMac), 6, endpoint.podMac),
    HOST_MAC: memoryOrder(parseMac(endpoint.hostMac), 6, endpoint.hostMac),
    ...(tunnelIfIndex === undefined ? {} : { TUNNEL_IFINDEX: tunnelIfIndex }),
  }
}

/** Bytes as the number that a load of them from memory gives on this (little-endian) machine. */
function memoryOrder(bytes: Uint8Array | undefined, length: number, text: string): bigint {
  if (bytes?.length !== length) throw new CodedError('DATAPATH_CONSTANT', `encode endpoint address ${text}`)
  return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n)
}
