import { localIdentityRange } from '@axoneme/identity'
import { describe, expect, it } from 'vitest'
import { ipcacheTarget } from './ipcache-target.ts'
import { readPrefixIdentities } from './prefix-identities.ts'
import { isRoot } from './testing/test-cluster.ts'
import { testMap } from './testing/test-maps.ts'

describe.runIf(isRoot)('readPrefixIdentities', () => {
  it('gives back the prefixes with identities of this node, and no others', async () => {
    using map = testMap('axo_ipcache')
    const target = ipcacheTarget(map)
    const { min, max } = localIdentityRange
    const rows = [
      ['203.0.113.0/24', min],
      ['0.0.0.0/0', min + 1],
      ['198.51.100.7/32', max],
      ['2001:db8::/32', min + 2],
      ['10.0.0.1/32', 1],
      ['10.0.0.2/32', min - 1],
      ['10.0.0.3/32', max + 1],
    ] as const
    const { signal } = new AbortController()
    for (const [cidr, identity] of rows) {
      await target.update({ cidr, identity, tunnelEndpoint: '', encryptKey: 0 }, signal)
    }
    const found = readPrefixIdentities({ maps: { axo_ipcache: map } })
    expect(new Map(found.map(({ prefix, identity }) => [prefix, identity]))).toEqual(
      new Map(rows.slice(0, 4)),
    )
  })
})
