import { type IdentityId, type IdentityRow, reservedIdentity } from '@axoneme/identity'
import { type Cidr, parseCidr } from '@axoneme/net-types'
import type { Labels, SlimNetworkPolicy } from '@axoneme/slim-types'
import { type CompiledPolicy, compilePolicy, type PeerSelector } from './compile.ts'
import { selectsIdentity } from './identity-selector.ts'
import { identitiesOfBlock } from './ip-block.ts'
import { anyPort } from './ports.ts'
import { type PolicyDirection, type PolicyEntry, type PrefixIdentityRow, policyEntryKey } from './types.ts'

/** The policy of one identity: what all its endpoints share. */
export type ResolvedPolicy = Readonly<{
  enforceIngress: boolean
  enforceEgress: boolean
  entries: readonly PolicyEntry[]
}>

/**
 * What the policies allow the endpoints of an identity, from scratch. The incremental resolver must always give the
 * same.
 */
export function resolvePolicy({
  labels,
  identities,
  policies,
  prefixIdentities,
}: {
  /** Labels of the identity whose policy is wanted. */
  labels: Labels
  identities: Iterable<IdentityRow>
  policies: Iterable<SlimNetworkPolicy>
  prefixIdentities: Iterable<PrefixIdentityRow>
}): ResolvedPolicy {
  const selecting = Array.from(policies, (policy) => compilePolicy(policy)).filter(({ subject }) =>
    selectsIdentity(subject, labels),
  )
  const peers = [...identities]
  const prefixes = parsePrefixIdentities(prefixIdentities)
  const allowed = new Map<string, { entry: PolicyEntry; rules: Set<string> }>()
  for (const policy of selecting) {
    for (const rule of policy.rules) {
      for (const peer of rule.peers) {
        for (const identity of identitiesOfPeer(peer, peers, prefixes)) {
          for (const port of rule.ports) {
            const entry = { direction: rule.direction, identity, ...port, rules: [] }
            const key = policyEntryKey(entry)
            const known = allowed.get(key)
            if (known === undefined) allowed.set(key, { entry, rules: new Set([policy.key]) })
            else known.rules.add(policy.key)
          }
        }
      }
    }
  }
  const enforces = (direction: PolicyDirection) => selecting.some((policy) => policy.enforces[direction])
  const enforceIngress = enforces('ingress')
  const enforceEgress = enforces('egress')
  const entries = [
    ...implicitEntries({ enforceIngress, enforceEgress }),
    ...Array.from(allowed.values(), ({ entry, rules }) => ({ ...entry, rules: [...rules].sort() })),
  ]
  return { enforceIngress, enforceEgress, entries: sortEntries(entries) }
}

/**
 * What is allowed without any rule: everything in a direction that no policy enforces, otherwise ingress from the
 * local host (the kubelet's probes). No peer selects the identity `host`, so no rule adds to that entry.
 */
export function implicitEntries({
  enforceIngress,
  enforceEgress,
}: {
  enforceIngress: boolean
  enforceEgress: boolean
}): PolicyEntry[] {
  const allow = (direction: PolicyDirection, identity: IdentityId): PolicyEntry => ({
    direction,
    identity,
    ...anyPort,
    rules: [],
  })
  const anyone = reservedIdentity.unknown
  return [
    ...(enforceEgress ? [] : [allow('egress', anyone)]),
    allow('ingress', enforceIngress ? reservedIdentity.host : anyone),
  ]
}

/** The sorted order of EndpointPolicyRow.entries; the input is not modified. */
function sortEntries(entries: readonly PolicyEntry[]): PolicyEntry[] {
  return entries
    .map((entry) => ({ key: policyEntryKey(entry), entry }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ entry }) => entry)
}

/** Rows whose prefix is none are left out. */
function parsePrefixIdentities(
  rows: Iterable<PrefixIdentityRow>,
): Map<string, { cidr: Cidr; identity: IdentityId }> {
  const parsed = new Map<string, { cidr: Cidr; identity: IdentityId }>()
  for (const { prefix, identity } of rows) {
    const cidr = parseCidr(prefix)
    if (cidr !== undefined) parsed.set(prefix, { cidr, identity })
  }
  return parsed
}

/** Every part of the policies that is not applied. */
export function policyErrors(policies: Iterable<SlimNetworkPolicy>): CompiledPolicy['errors'] {
  return Array.from(policies).flatMap((policy) => compilePolicy(policy).errors)
}

function identitiesOfPeer(
  peer: PeerSelector,
  identities: readonly IdentityRow[],
  prefixes: ReadonlyMap<string, { cidr: Cidr; identity: IdentityId }>,
): Iterable<IdentityId> {
  switch (peer.kind) {
    case 'any':
      return [reservedIdentity.unknown]
    case 'labels':
      return identities.filter(({ labels }) => selectsIdentity(peer, labels)).map(({ id }) => id)
    case 'block':
      return identitiesOfBlock(peer, prefixes)
  }
}
