import { type IdentityId, type IdentityRow, reservedIdentity } from '@axoneme/identity'
import { l4ProtocolName } from '@axoneme/net-types'
import { matchesPort } from './ports.ts'
import type { EndpointPolicyRow, PolicyDirection, PolicyEntry } from './types.ts'

export type Verdict = Readonly<{
  allowed: boolean
  /** The entries that allow it; empty when it is denied. */
  entries: readonly PolicyEntry[]
  /** The policies behind the entries, sorted; empty when it is denied or allowed without a rule. */
  rules: readonly string[]
  /** One line for people. */
  reason: string
}>

/** Entries of the row that let the traffic through: one is enough, policies only add. */
export function matchingEntries(
  row: Pick<EndpointPolicyRow, 'entries'>,
  traffic: { direction: PolicyDirection; peer: IdentityId; protocol: number; port: number },
): PolicyEntry[] {
  return row.entries.filter(
    (entry) =>
      entry.direction === traffic.direction &&
      (entry.identity === reservedIdentity.unknown || entry.identity === traffic.peer) &&
      matchesPort(entry, traffic.protocol, traffic.port),
  )
}

/** Why traffic with `peer` is allowed, or which allow is missing. `port` is that of the traffic's destination. */
export function explainVerdict({
  row,
  identities,
  ...traffic
}: {
  row: EndpointPolicyRow
  /** For the names of the peers. */
  identities: { get(key: string): IdentityRow | undefined }
  direction: PolicyDirection
  peer: IdentityId
  protocol: number
  port: number
}): Verdict {
  const entries = matchingEntries(row, traffic)
  const rules = [...new Set(entries.flatMap((entry) => entry.rules))].sort()
  const { direction } = traffic
  if (rules.length > 0) return { allowed: true, entries, rules, reason: `allowed by ${rules.join(', ')}` }
  const enforced = direction === 'ingress' ? row.enforceIngress : row.enforceEgress
  if (!enforced) {
    const reason = `no policy restricts ${direction} of endpoint ${row.endpointId}`
    return { allowed: true, entries, rules, reason }
  }
  if (entries.length > 0) {
    return { allowed: true, entries, rules, reason: 'the local host always reaches its pods' }
  }
  const name = describeIdentity(traffic.peer, identities)
  const where = `${l4ProtocolName(traffic.protocol)} port ${traffic.port}`
  const preposition = direction === 'ingress' ? 'from' : 'to'
  const reason = `no policy of endpoint ${row.endpointId} allows ${direction} ${preposition} ${name} on ${where}`
  return { allowed: false, entries, rules, reason }
}

function describeIdentity(id: IdentityId, identities: { get(key: string): IdentityRow | undefined }): string {
  const labels = Object.entries(identities.get(String(id))?.labels ?? {})
  if (labels.length === 0) return `identity ${id}`
  const text = labels.map(([key, value]) => (value === '' ? key : `${key}=${value}`)).sort()
  return `identity ${id} (${text.join(' ')})`
}
