import type { ConstantValue } from '@axoneme/bpf-templater'
import type { EndpointRow } from '@axoneme/endpoint'
import { CodedError } from '@axoneme/lifecycle'
import { parseIp, parseMac } from '@axoneme/net-types'

/** The values that make the endpoint program of one pod out of the template: the constants of bpf-programs/c/lxc.c. */
export function endpointConstants(
  endpoint: EndpointRow,
  { ifIndex, tunnelIfIndex }: { ifIndex: number; tunnelIfIndex: number | undefined },
): Record<string, ConstantValue> {
  return {
    EP_ID: endpoint.id,
    EP_IDENTITY: endpoint.identity,
    EP_IPV4: addressBytes(parseIp(endpoint.ipv4), endpoint.ipv4),
    EP_IFINDEX: ifIndex,
    POD_MAC: addressBytes(parseMac(endpoint.podMac), endpoint.podMac),
    HOST_MAC: addressBytes(parseMac(endpoint.hostMac), endpoint.hostMac),
    ...(tunnelIfIndex === undefined ? {} : { TUNNEL_IFINDEX: tunnelIfIndex }),
  }
}

function addressBytes(bytes: Uint8Array | undefined, text: string): Uint8Array {
  if (bytes === undefined) throw new CodedError('DATAPATH_CONSTANT', `encode endpoint address ${text}`)
  return bytes
}
