import { describe, expect, it } from 'vitest'
import { featureReport, hasFeature, missingOptional, missingRequired, requireFeatures } from './report.ts'
import type { FeatureName } from './table.ts'

const reportWithout = (...absent: FeatureName[]) =>
  featureReport('5.4.0-test', (name) => !absent.includes(name))
const names = (features: readonly { name: string }[]) => features.map(({ name }) => name)

describe('a report', () => {
  it.each<{ absent: FeatureName[]; required: string[]; optional: string[] }>([
    { absent: [], required: [], optional: [] },
    { absent: ['tcx'], required: [], optional: ['tcx'] },
    { absent: ['clsact'], required: [], optional: [] },
    { absent: ['tcx', 'clsact'], required: ['clsact'], optional: ['tcx'] },
    { absent: ['map_batch', 'vxlan'], required: [], optional: ['map_batch', 'vxlan'] },
    { absent: ['helper_redirect_peer', 'btf'], required: ['btf', 'helper_redirect_peer'], optional: [] },
  ])('without $absent', ({ absent, required, optional }) => {
    const report = reportWithout(...absent)
    expect(names(missingRequired(report))).toEqual(required)
    expect(names(missingOptional(report))).toEqual(optional)
    for (const name of absent) expect(hasFeature(report, name)).toBe(false)
    expect(hasFeature(report, 'map_hash')).toBe(true)
  })
})

describe('requireFeatures', () => {
  it('accepts a kernel that has what is needed', () => {
    expect(() => requireFeatures(reportWithout('tcx', 'vxlan'))).not.toThrow()
  })

  it('names what is missing, what for, the kernel and the version that has it', () => {
    expect(() => requireFeatures(reportWithout('map_ringbuf'))).toThrow(
      expect.objectContaining({
        code: 'KERNEL_FEATURE',
        message:
          'kernel 5.4.0-test lacks BPF maps of type ringbuf (in Linux since 5.8), needed for events of the datapath',
        features: ['map_ringbuf'],
        hint: 'run Linux 5.8 or newer',
        retryable: true,
      }),
    )
  })

  it('names the newest version and the configuration where several are missing', () => {
    expect(() => requireFeatures(reportWithout('veth', 'helper_redirect_peer', 'map_lru_hash'))).toThrow(
      expect.objectContaining({
        features: ['map_lru_hash', 'helper_redirect_peer', 'veth'],
        hint: 'run Linux 5.10 or newer, with CONFIG_VETH',
      }),
    )
  })

  it('asks for what this configuration needs besides', () => {
    expect(() => requireFeatures(reportWithout('vxlan'), { also: ['vxlan'] })).toThrow(
      'kernel 5.4.0-test lacks VXLAN devices whose packets carry their tunnel (in Linux since 4.3), needed for routing-mode tunnel',
    )
  })
})
