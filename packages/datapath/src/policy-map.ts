import { createHash } from 'node:crypto'
import type { BpfMap } from '@axoneme/bpf'
import { policyKey, policyValue } from '@axoneme/bpf-programs'
import type { PolicyEntry } from '@axoneme/policy'

/** Bits of the policy key that every entry states exactly: the identity, the direction and the padding before them. */
const exactBits = 40
const protocolBits = 8

/**
 * The number by which a verdict names the policies that allowed it: 32 bits of a hash, so that it means the same
 * after a restart. 0 stands for "no policy": everything is allowed in that direction.
 */
export function ruleSetId(rules: readonly string[]): number {
  if (rules.length === 0) return 0
  return createHash('sha256').update(rules.join('\n')).digest().readUInt32BE() || 1
}

/** Key and value of one entry in the policy map, a longest-prefix trie over identity, direction, protocol, port. */
export function encodePolicyEntry(entry: PolicyEntry): { key: Buffer; value: Buffer } {
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

export type PolicyMapChange = Readonly<{ added: number; removed: number }>

/**
 * Makes the map equal to `entries`. The map itself is the memory, so nothing can accumulate in it. What is no
 * longer allowed goes first: a full map must not keep old permissions alive.
 */
export function applyPolicyEntries(map: BpfMap, entries: readonly PolicyEntry[]): PolicyMapChange {
  const wanted = new Map<string, { key: Buffer; value: Buffer }>()
  for (const entry of entries) {
    const encoded = encodePolicyEntry(entry)
    wanted.set(encoded.key.toString('latin1'), encoded)
  }
  let removed = 0
  for (const [key, value] of [...map.entries()]) {
    const id = key.toString('latin1')
    const want = wanted.get(id)
    if (want === undefined) {
      map.delete(key)
      removed++
    } else if (want.value.equals(value)) wanted.delete(id)
  }
  for (const { key, value } of wanted.values()) map.update(key, value)
  return { added: wanted.size, removed }
}
