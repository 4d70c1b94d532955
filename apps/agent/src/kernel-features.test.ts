import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FeatureName, type FeatureReport, openBpfKernel } from '@axoneme/bpf'
import { createLogger, type LogEvent } from '@axoneme/log'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkKernelFeatures, chooseAttachments, kernelStatus } from './kernel-features.ts'

describe.runIf(process.getuid?.() === 0)('the kernel under an agent', () => {
  let stateDir: string
  let logged: LogEvent[]
  let report: FeatureReport | undefined
  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), `axo-agent-${process.pid}-`))
    logged = []
    report = undefined
  })
  afterEach(() => rmSync(stateDir, { recursive: true }))

  const log = createLogger({ sink: (event) => logged.push(event), level: 'debug' })

  /** This machine's kernel, without what is named. */
  const check = ({
    without = [],
    routingMode = 'native',
  }: {
    without?: readonly FeatureName[]
    routingMode?: 'native' | 'tunnel'
  } = {}) => {
    const kernel = openBpfKernel()
    return checkKernelFeatures({
      kernel: { hasFeature: (name) => !without.includes(name) && kernel.hasFeature(name) },
      config: { stateDir, routingMode },
      onReport: (told) => {
        report = told
      },
      log,
    })
  }
  const warnings = () =>
    logged.filter(({ level }) => level === 'warn').map(({ message, fields }) => ({ message, ...fields }))
  const missing = () =>
    report &&
    kernelStatus(report)
      .features.filter(({ present }) => !present)
      .map(({ name, required, without }) => ({ name, required, without }))

  it('is asked once', async () => {
    await check()
    await check()
    expect(logged.map(({ fields }) => fields?.triedCount)).toEqual([report?.features.length, 0])
  })

  it('without what is required stops the start, and the status shows it', async () => {
    await expect(check({ without: ['helper_redirect_peer'] })).rejects.toMatchObject({
      code: 'KERNEL_FEATURE',
      retryable: true,
      message: expect.stringMatching(
        /^kernel \S+ lacks the BPF helper bpf_redirect_peer \(in Linux since 5\.10\), needed for delivery to pods/,
      ),
    })
    expect(missing()).toEqual([{ name: 'helper_redirect_peer', required: true, without: undefined }])
  })

  it('without tcx uses clsact, and says so once', async () => {
    const found = await check({ without: ['tcx'] })
    expect(warnings()).toEqual([
      {
        message: 'kernel lacks a feature',
        feature: 'tcx',
        since: '6.6',
        kind: 'optional',
        without: 'clsact',
      },
    ])
    expect(missing()).toEqual([{ name: 'tcx', required: false, without: 'clsact' }])
    expect(chooseAttachments(found, { config: { endpointAttachment: 'tcx' }, log })).toEqual({
      pods: 'clsact',
      devices: 'clsact',
    })
    expect(warnings()[1]).toEqual({
      message: 'kernel cannot attach as wanted',
      'endpoint-attachment': 'tcx',
      instead: 'clsact',
    })
  })

  it.each([
    { wanted: 'clsact', without: [], chosen: { pods: 'clsact', devices: 'tcx' } },
    { wanted: 'tcx', without: [], chosen: { pods: 'tcx', devices: 'tcx' } },
    { wanted: 'clsact', without: ['clsact'], chosen: { pods: 'tcx', devices: 'tcx' } },
  ] as const)(
    'without $without attaches pods, wanted by $wanted, by $chosen.pods',
    async ({ wanted, without, chosen }) => {
      const found = await check({ without })
      expect(chooseAttachments(found, { config: { endpointAttachment: wanted }, log })).toEqual(chosen)
      expect(warnings()).toHaveLength(chosen.pods === wanted ? 0 : 1)
    },
  )

  it('without both is not enough', async () => {
    await expect(check({ without: ['tcx', 'clsact'] })).rejects.toThrow('lacks clsact filters')
    expect(missing()).toMatchObject([
      { name: 'tcx', required: false },
      { name: 'clsact', required: true },
    ])
  })

  it('needs VXLAN for tunnels alone', async () => {
    await check({ without: ['vxlan'] })
    await expect(check({ without: ['vxlan'], routingMode: 'tunnel' })).rejects.toThrow(
      'needed for routing-mode tunnel',
    )
  })
})
