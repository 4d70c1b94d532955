import { reasonText } from '@axoneme/bpf-programs'
import { l4ProtocolName } from '@axoneme/net-types'
import type { MonitorEvent } from './event.ts'
import type { LostEvents } from './subscription.ts'

/** What makes numbers readable. Each may know nothing: then the number or address itself is shown. */
export type EventLookups = Readonly<{
  /** `namespace/name` of the pod with this address. */
  podByAddress?: (address: string) => string | undefined
  /** The identity's labels or reserved name, in short. */
  identityName?: (identity: number) => string | undefined
  /** `namespace/name` of the policies behind a rule set. */
  rulesOf?: (ruleSet: number) => readonly string[] | undefined
  /** `namespace/name` of the service. */
  serviceByRevNat?: (revNatIndex: number) => string | undefined
}>

/**
 * One line for people:
 * `22:14:16.123 DROPPED egress default/web:40001 (id 1001) -> 192.0.2.9:443 (world) TCP SYN: Policy denied`.
 * The time is UTC. Names are the cluster's users' own text: control characters are taken out.
 */
export function formatEvent(event: MonitorEvent | LostEvents, lookups: EventLookups = {}): string {
  if (event.kind === 'lost') return `... ${event.count} events lost: the reader was too slow`
  const parts = [
    new Date(event.timeMs).toISOString().slice(11, 23),
    event.kind === 'drop' ? 'DROPPED' : 'ALLOWED',
    event.direction,
    peer(event, 'source', lookups),
    '->',
    peer(event, 'destination', lookups),
    transport(event),
  ]
  const why = explanation(event, lookups)
  return printable(parts.join(' ') + (why === '' ? '' : `: ${why}`))
}

function peer(event: MonitorEvent, side: 'source' | 'destination', lookups: EventLookups): string {
  const address = side === 'source' ? event.sourceAddress : event.destinationAddress
  const port = side === 'source' ? event.sourcePort : event.destinationPort
  const identity = side === 'source' ? event.sourceIdentity : event.destinationIdentity
  const pod = lookups.podByAddress?.(address)
  const host = pod ?? (event.family === 6 ? `[${address}]` : address)
  const text = hasPorts(event) ? `${host}:${port}` : host
  if (identity === 0) return text
  return `${text} (${lookups.identityName?.(identity) ?? `id ${identity}`})`
}

function hasPorts({ protocol }: MonitorEvent): boolean {
  return protocol === 6 || protocol === 17 || protocol === 132
}

const flagNames = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'] as const

function transport({ protocol, tcpFlags, connection }: MonitorEvent): string {
  // Protocol 0: dropped before its header was read.
  const name = protocol === 0 ? 'unknown protocol' : l4ProtocolName(protocol)
  const flags = flagNames.filter((_, bit) => (tcpFlags & (1 << bit)) !== 0).join(',')
  const state = connection === 'new' ? '' : connection
  return [name, flags, state].filter((part) => part !== '').join(' ')
}

function explanation(event: MonitorEvent, lookups: EventLookups): string {
  const parts: string[] = []
  if (event.kind === 'drop') parts.push(reasonText(event.reason))
  if (event.ruleSet !== 0) {
    const rules = lookups.rulesOf?.(event.ruleSet)
    parts.push(`by ${rules === undefined ? `rule set ${event.ruleSet}` : rules.join(', ')}`)
  }
  if (event.revNatIndex !== 0) {
    parts.push(`service ${lookups.serviceByRevNat?.(event.revNatIndex) ?? event.revNatIndex}`)
  }
  return parts.join(', ')
}

function printable(line: string): string {
  return line.replace(/\p{Cc}/gu, '?')
}
