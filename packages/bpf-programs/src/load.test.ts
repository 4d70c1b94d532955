import { type BpfMap, openBpfKernel } from '@axoneme/bpf'
import { loadTemplate, parseObject } from '@axoneme/bpf-templater'
import { describe, expect, it } from 'vitest'
import { type DatapathConfig, type DatapathProgram, datapathPrograms } from './config.ts'
import { endpointConstants } from './endpoint-values.testing.ts'
import { openTemplateCache } from './template-cache.ts'
import { testConfigs, testTemplateDir } from './test-templates.testing.ts'
import { isRoot } from './testbed.testing.ts'

const programsOf: Readonly<Record<DatapathProgram, readonly string[]>> = {
  lxc: ['from_pod', 'pod_policy', 'to_pod'],
  host: ['from_netdev'],
  overlay: ['from_overlay'],
}
const values = {
  id: 7,
  identity: 4711,
  ipv4: Uint8Array.of(10, 0, 0, 7),
  ifIndex: 12,
  podMac: Uint8Array.of(2, 0, 0, 0, 1, 7),
  hostMac: Uint8Array.of(2, 0, 0, 0, 2, 7),
}

const cases = testConfigs.flatMap((config) => datapathPrograms.map((program) => ({ program, ...config })))

describe.runIf(isRoot)('the running kernel', () => {
  it.each(cases)(
    'loads every program of $program, routing $routingMode, every packet traced: $traceEveryPacket',
    async ({ program, ...config }) => {
      using opened = new DisposableStack()
      const kernel = openBpfKernel()
      const template = opened.use(loadTemplate(parseObject(await compiled(program, config)), { kernel }))
      const maps: Record<string, BpfMap> = {}
      for (const [name, spec] of Object.entries(template.maps)) {
        maps[name] = opened.use(kernel.createMap({ ...spec, maxEntries: Math.min(spec.maxEntries, 4096) }))
      }
      const tunnel = config.routingMode === 'tunnel' ? { tunnelIfIndex: 3 } : {}
      const constants = program === 'lxc' ? endpointConstants({ ...values, ...tunnel }) : {}
      const { programs } = opened.use(await template.instantiate({ constants, maps }))
      expect(Object.keys(programs).sort()).toEqual(programsOf[program])
      for (const { id } of Object.values(programs)) expect(kernel.programIds()).toContain(id)
    },
  )
})

async function compiled(program: DatapathProgram, config: DatapathConfig): Promise<Buffer> {
  await using cache = await openTemplateCache({ cacheDir: testTemplateDir })
  return (await cache.object({ program, config, signal: AbortSignal.timeout(60_000) })).bytes
}
