import { type PacketReason, packetReason, trafficDirection } from '../generated/layouts.ts'

/** The words that Cilium's users know these reasons by (pkg/monitor/api); values of the metrics' `reason` label. */
const texts: Readonly<Record<PacketReason, string>> = {
  [packetReason.reasonForwarded]: 'Forwarded',
  [packetReason.reasonEventLost]: 'Event lost',
  [packetReason.dropInvalidSourceIp]: 'Invalid source ip',
  [packetReason.dropPolicy]: 'Policy denied',
  [packetReason.dropInvalidPacket]: 'Invalid packet',
  [packetReason.dropCtInvalidHeader]: 'CT: Truncated or invalid header',
  [packetReason.dropCtUnknownProtocol]: 'CT: Unknown L4 protocol',
  [packetReason.dropUnknownL3]: 'Unsupported L3 protocol',
  [packetReason.dropMissedTailCall]: 'Missed tail call',
  [packetReason.dropWriteError]: 'Error writing to packet',
  [packetReason.dropUnknownIcmp4Type]: 'Unknown ICMPv4 type',
  [packetReason.dropNoTunnelKey]: 'Error retrieving tunnel key',
  [packetReason.dropUnroutableIp]: 'Stale or unroutable IP',
  [packetReason.dropCsumL3]: 'Error while correcting L3 checksum',
  [packetReason.dropCsumL4]: 'Error while correcting L4 checksum',
  [packetReason.dropCtCreateFailed]: 'CT: Map insertion failed',
  [packetReason.dropNoService]: 'Service backend not found',
  [packetReason.dropUnknownCt]: 'Unknown connection tracking state',
  [packetReason.dropUnsupportedNatProtocol]: 'Unsupported protocol for NAT masquerade',
  [packetReason.dropInvalidIdentity]: 'Invalid identity',
  [packetReason.dropFragmentNotFound]: 'First logical datagram fragment not found',
  [packetReason.dropPolicyDeny]: 'Policy denied by denylist',
}

/** The name of a reason for people; the number where this version knows none. */
export function reasonText(reason: number): string {
  return (texts as Readonly<Record<number, string>>)[reason] ?? String(reason)
}

/** `INGRESS` and `EGRESS`, as in the metrics' `direction` label. */
export function directionText(direction: number): string {
  if (direction === trafficDirection.ingress) return 'INGRESS'
  return direction === trafficDirection.egress ? 'EGRESS' : 'UNKNOWN'
}
