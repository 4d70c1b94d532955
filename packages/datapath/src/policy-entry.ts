import { createHash } from 'node:crypto'
import { policyKey, policyValue } from '@axoneme/bpf-programs'
import type { PolicyEntry } from '@axoneme/policy'

/** Bits of the policy key that every entry states exactly: the identity, the direction and the padding before them. */
const exactBits = 40
const protocolBits = 8

/** Key and value of one entry in the policy map, a longest-prefix trie over identity, direction, protocol, port. */
export type EncodedPolicyEntry = Readonly<{ key: Buffer; value: Buffer }>

export function encodePolicyEntry(entry: PolicyEntry): EncodedPolicyEntry {
  const prefixLength = entry.protocol === 0 ? exactBits : exactBits + protocolBits + entry.portPrefixLength
  return {
    key: policyKey.encode({
      prefixLength,
      identity: entry.identity,
      egress: entry.direction === 'egress' ? 1 : 0,
      protocol: entry.protocol,
      dport: entry.port,
    }),
    value: policyValue.encode({ ruleSet: ruleSetId(entry.rules), flags: 0 }),
  }
}

/**
 * Encodes each entry once: entries are shared by the endpoints of an identity and stay the same objects when the
 * policy around them changes. They must not be modified.
 */
export function createPolicyEncoder(): (entry: PolicyEntry) => EncodedPolicyEntry {
  const known = new WeakMap<PolicyEntry, EncodedPolicyEntry>()
  return (entry) => {
    let encoded = known.get(entry)
    if (encoded === undefined) {
      encoded = encodePolicyEntry(entry)
      known.set(entry, encoded)
    }
    return encoded
  }
}

/**
 * The number by which a verdict names the policies that allowed it: 32 bits of a hash, so that it means the same
 * after a restart. 0 stands for "no policy": everything is allowed in that direction.
 */
export function ruleSetId(rules: readonly string[]): number {
  if (rules.length === 0) return 0
  return createHash('sha256').update(rules.join('\n')).digest().readUInt32BE() || 1
}
