import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { mapLayouts, packetReason } from './index.ts'
import { generateLayouts, layoutsPath } from './layouts.ts'
import { directionText, reasonText } from './reasons.ts'
import { isRoot, Testbed } from './testbed.testing.ts'

describe('generated layouts', () => {
  it('are those of the C as it is now: run `pnpm run generate`', async () => {
    const generated = await generateLayouts({ signal: AbortSignal.timeout(60_000) })
    expect(generated).toBe(readFileSync(layoutsPath, 'utf8'))
  })

  it.runIf(isRoot)('have the sizes that the programs use their maps with', async () => {
    using bed = await Testbed.open({ routingMode: 'tunnel' })
    const { axo_policy: _perEndpoint, ...shared } = mapLayouts
    for (const [name, { key, value }] of Object.entries(shared)) {
      expect(bed.map(name).spec).toMatchObject({ keySize: key.size, valueSize: value.size })
    }
  })
})

describe('reasonText', () => {
  it('knows every reason of the C, each by another name', () => {
    const names = Object.values(packetReason).map(reasonText)
    expect(new Set(names).size).toBe(names.length)
    expect(names.filter((name) => /^\d/.test(name))).toEqual([])
  })

  it('shows what it does not know as a number', () => {
    expect(reasonText(250)).toBe('250')
    expect([1, 2, 9].map(directionText)).toEqual(['INGRESS', 'EGRESS', 'UNKNOWN'])
  })
})
