import { join } from 'node:path'
import { type BpfMap, MapFullError, openBpfKernel } from '@axoneme/bpf'
import { isRoot, temporaryBpffs } from '@axoneme/bpf/testing'
import type { PolicyEntry } from '@axoneme/policy'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPolicyEncoder } from './policy-entry.ts'
import { applyPolicyEntries, openPolicyMap } from './policy-map.ts'
import { policyEntry } from './testing/rows.ts'
import { testMap } from './testing/test-maps.ts'

const encode = createPolicyEncoder()
const content = (map: BpfMap) => Array.from(map.entries(), (entry) => entry.map(hex).join(' ')).sort()
const hex = (bytes: Buffer) => bytes.toString('hex')
const expected = (entries: readonly PolicyEntry[]) =>
  entries
    .map(encode)
    .map(({ key, value }) => `${hex(key)} ${hex(value)}`)
    .sort()
const peers = (...identities: readonly number[]) =>
  identities.map((identity) => policyEntry({ direction: 'ingress', identity }))

const anyEntry = fc
  .record({
    direction: fc.constantFrom('ingress' as const, 'egress' as const),
    identity: fc.integer({ min: 0, max: 3 }),
    protocol: fc.constantFrom(0, 6, 17),
    port: fc.constantFrom(0, 80, 8080),
    rules: fc.constantFrom(['default/a'], ['default/b'], []),
  })
  .map((entry) => policyEntry(entry.protocol === 0 ? { ...entry, port: 0 } : entry))
const anyPolicy = fc.uniqueArray(anyEntry, { maxLength: 12, selector: (entry) => hex(encode(entry).key) })

describe.runIf(isRoot)('applyPolicyEntries', () => {
  it('makes the map equal to each of any policies in turn', () => {
    fc.assert(
      fc.property(fc.array(anyPolicy, { minLength: 1, maxLength: 5 }), (policies) => {
        using map = testMap('axo_policy')
        for (const entries of policies) {
          applyPolicyEntries(map, entries.map(encode))
          expect(content(map)).toEqual(expected(entries))
          expect(applyPolicyEntries(map, entries.map(encode))).toEqual({ added: 0, removed: 0 })
        }
      }),
      { numRuns: 50 },
    )
  })

  it('says what it changed; another rule set is a change', () => {
    using map = testMap('axo_policy')
    expect(applyPolicyEntries(map, peers(1, 2, 3).map(encode))).toEqual({ added: 3, removed: 0 })
    expect(applyPolicyEntries(map, peers(3, 4).map(encode))).toEqual({ added: 1, removed: 2 })
    const other = peers(3, 4).map((entry) => ({ ...entry, rules: ['default/other'] }))
    expect(applyPolicyEntries(map, other.map(encode))).toEqual({ added: 2, removed: 0 })
  })

  it('makes room in a full map by what goes', () => {
    using map = testMap('axo_policy', { maxEntries: 3 })
    applyPolicyEntries(map, peers(1, 2, 3).map(encode))
    applyPolicyEntries(map, peers(3, 4, 5).map(encode))
    expect(content(map)).toEqual(expected(peers(3, 4, 5)))
  })

  it('removes what goes also when what comes finds no room', () => {
    using map = testMap('axo_policy', { maxEntries: 3 })
    applyPolicyEntries(map, peers(1, 2, 3).map(encode))
    expect(() => applyPolicyEntries(map, peers(3, 4, 5, 6).map(encode))).toThrow(MapFullError)
    const left = content(map)
    for (const entry of expected(peers(1, 2))) expect(left).not.toContain(entry)
    expect(left).toContain(expected(peers(3))[0])
    applyPolicyEntries(map, peers(3, 6).map(encode))
    expect(content(map)).toEqual(expected(peers(3, 6)))
  })
})

describe.runIf(isRoot)('openPolicyMap', () => {
  it('opens what is pinned, and replaces it when the size is another one', () => {
    using bpffs = temporaryBpffs()
    const kernel = openBpfKernel()
    const path = join(bpffs.path, 'policy')
    using sample = testMap('axo_policy')
    const { spec } = sample
    using first = openPolicyMap(kernel, { path, spec })
    using again = openPolicyMap(kernel, { path, spec })
    expect(again.id).toBe(first.id)
    using larger = openPolicyMap(kernel, { path, spec: { ...spec, maxEntries: 2048 } })
    expect(larger.id).not.toBe(first.id)
    using pinned = kernel.openPinnedMap(path)
    expect(pinned).toMatchObject({ id: larger.id, spec: { maxEntries: 2048 } })
  })
})
