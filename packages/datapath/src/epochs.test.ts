import { openBpfKernel } from '@axoneme/bpf'
import { describe, expect, it } from 'vitest'
import { openPolicyEpochs } from './epochs.ts'
import { isRoot } from './testing/test-cluster.ts'
import { u32 } from './u32.ts'

describe.runIf(isRoot)('policy epochs', () => {
  it('never repeat a number, whichever endpoint had it and whoever gave it', () => {
    const spec = {
      name: 'axo_epoch',
      type: 'array',
      keySize: 4,
      valueSize: 4,
      maxEntries: 65_536,
      flags: 0,
    } as const
    using map = openBpfKernel().createMap(spec)
    const seen = new Set<number>()
    for (let run = 0; run < 3; run++) {
      const epochs = openPolicyEpochs(map)
      for (const id of [1, 65_535, 1, 300]) {
        epochs.bump(id)
        const number = map.lookup(u32(id))?.readUInt32LE() ?? 0
        // 0 is what an endpoint has that never had a policy.
        expect(number).toBeGreaterThan(0)
        expect(seen).not.toContain(number)
        seen.add(number)
      }
    }
    expect(map.lookup(u32(2))).toEqual(u32(0))
  })
})
