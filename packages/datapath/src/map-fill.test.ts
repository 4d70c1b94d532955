import { expect, it } from 'vitest'
import { mapFillOf } from './map-fill.ts'

const spec = { type: 'hash', keySize: 4, valueSize: 4, flags: 0 } as const

it('tells of the maps that are known, and of the fullest policy map', () => {
  const maps = {
    axo_ipcache: { spec: { ...spec, name: 'axo_ipcache', maxEntries: 100 } },
    axo_ct4: { spec: { ...spec, name: 'axo_ct4', maxEntries: 10 } },
  }
  const policyMapSpec = { ...spec, name: 'axo_policy', maxEntries: 8 }
  const entry = {
    ...{ direction: 'ingress' as const, identity: 1, protocol: 0, port: 0, portPrefixLength: 0 },
    rules: [],
  }
  const fills = mapFillOf(
    { maps, policyMapSpec },
    {
      shared: { axo_ipcache: 25, axo_ct4: undefined, axo_other: 1 },
      policies: [{ entries: [entry] }, { entries: [entry, entry] }, { entries: [] }],
    },
  )
  expect(fills).toEqual([
    { map: 'axo_ipcache', entries: 25, maxEntries: 100 },
    { map: 'axo_policy', entries: 2, maxEntries: 8 },
  ])
})
