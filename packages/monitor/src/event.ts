import {
  addressFamily,
  ctState,
  eventType,
  type PacketEvent,
  packetEvent,
  packetReason,
  trafficDirection,
} from '@axoneme/bpf-programs'
import type { EndpointId } from '@axoneme/endpoint'
import type { IdentityId } from '@axoneme/identity'
import { formatIp } from '@axoneme/net-types'

/** What the datapath told about one packet. */
export type MonitorEvent = Readonly<{
  /** `trace`: it passed. Only the first packet of a connection is traced, unless the datapath was built to trace all. */
  kind: 'drop' | 'trace'
  /** Milliseconds since the epoch. */
  timeMs: number
  /** A `packetReason`, or a number that this version does not know. */
  reason: number
  /** Seen from the endpoint. */
  direction: 'ingress' | 'egress'
  connection: 'new' | 'established' | 'reply' | 'related'
  family: 4 | 6
  protocol: number
  /** Byte 13 of the TCP header; 0 for other protocols. */
  tcpFlags: number
  /** 0 where the datapath did not know it yet. */
  sourceIdentity: IdentityId
  destinationIdentity: IdentityId
  sourceAddress: string
  destinationAddress: string
  /** For ICMP echo the id on the side that asks, 0 on the other. */
  sourcePort: number
  destinationPort: number
  /** The endpoint whose programs decided; 0: the packet did not come as far. */
  endpointId: EndpointId
  /** The service that the packet was translated for; 0: none. */
  revNatIndex: number
  ifIndex: number
  /** Bytes of the packet with its Ethernet header. */
  length: number
  /** The policies behind the verdict, as the control plane numbered them; 0: none. */
  ruleSet: number
}>

/** How the kernel's CLOCK_MONOTONIC relates to the wall clock: milliseconds to add. */
export type ClockOffsetMs = number

/**
 * The event in a record of the datapath's ring buffer. Undefined when it is none: of another size, or of a kind that
 * this version does not know. Never throws, whatever the bytes are.
 */
export function decodeEvent(record: Uint8Array, offsetMs: ClockOffsetMs): MonitorEvent | undefined {
  if (record.length !== packetEvent.size) return undefined
  const raw = packetEvent.decode(record)
  const kind = kinds.get(raw.type)
  const direction = directions.get(raw.direction)
  const connection = connections.get(raw.ctState)
  const family = families.get(raw.family)
  if (kind === undefined || direction === undefined || connection === undefined || family === undefined)
    return undefined
  // A dropped packet that says it was forwarded, or the reverse, is not from our programs.
  if ((raw.reason === packetReason.reasonForwarded) !== (kind === 'trace')) return undefined
  return {
    kind,
    timeMs: Number(raw.timeNs / 1_000n) / 1_000 + offsetMs,
    reason: raw.reason,
    direction,
    connection,
    family,
    protocol: raw.protocol,
    tcpFlags: raw.tcpFlags,
    sourceIdentity: raw.sourceIdentity,
    destinationIdentity: raw.destinationIdentity,
    ...addresses(raw, family),
    sourcePort: raw.sport,
    destinationPort: raw.dport,
    endpointId: raw.endpointId,
    revNatIndex: raw.revNatIndex,
    ifIndex: raw.ifindex,
    length: raw.length,
    ruleSet: raw.ruleSet,
  }
}

function addresses(raw: PacketEvent, family: 4 | 6) {
  const length = family === 4 ? 4 : 16
  return {
    sourceAddress: formatIp(raw.saddr.subarray(0, length)),
    destinationAddress: formatIp(raw.daddr.subarray(0, length)),
  }
}

const kinds = new Map<number, MonitorEvent['kind']>([
  [eventType.drop, 'drop'],
  [eventType.trace, 'trace'],
])
const directions = new Map<number, MonitorEvent['direction']>([
  [trafficDirection.ingress, 'ingress'],
  [trafficDirection.egress, 'egress'],
])
const connections = new Map<number, MonitorEvent['connection']>([
  [ctState.new, 'new'],
  [ctState.established, 'established'],
  [ctState.reply, 'reply'],
  [ctState.related, 'related'],
])
const families = new Map<number, MonitorEvent['family']>([
  [addressFamily.ipv4, 4],
  [addressFamily.ipv6, 6],
])
