import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BpfMap, openBpfKernel } from '@axoneme/bpf'
import { isRoot, loadByBpftool, translatedInstructions } from '@axoneme/bpf/testing'
import { loadTemplate, parseObject, type Template } from '@axoneme/bpf-templater'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compileAbsolute } from './absolute-object.testing.ts'
import { compileObject } from './compile.ts'
import type { DatapathConfig } from './config.ts'
import { type EndpointValues, endpointConstants, endpointSymbols } from './endpoint-values.testing.ts'

/** Of each routing mode. A run compiles and loads, which takes about a second. */
const runs = Number(process.env.AXO_TAG_RUNS ?? 8)
const programs = ['from_pod', 'pod_policy', 'to_pod']

const u16 = fc.oneof(fc.constantFrom(0, 1, 0xff00, 0xffff), fc.nat(0xffff))
const u32 = fc.oneof(fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff), fc.nat(0xffffffff))
const bytes = (length: number) =>
  fc.oneof(
    fc.constantFrom(new Uint8Array(length), new Uint8Array(length).fill(255)),
    fc.uint8Array({ minLength: length, maxLength: length }),
  )
const nodeless = { id: u16, identity: u32, ipv4: bytes(4), ifIndex: u32, podMac: bytes(6), hostMac: bytes(6) }

const lowest: EndpointValues = {
  id: 0,
  identity: 0,
  ipv4: new Uint8Array(4),
  ifIndex: 0,
  podMac: new Uint8Array(6),
  hostMac: new Uint8Array(6),
}
const highest: EndpointValues = {
  id: 0xffff,
  identity: 0xffffffff,
  ipv4: new Uint8Array(4).fill(255),
  ifIndex: 0xffffffff,
  podMac: new Uint8Array(6).fill(255),
  hostMac: new Uint8Array(6).fill(255),
}
/** All bytes differ: none can be in the place of another. */
const distinct: EndpointValues = {
  id: 0x0102,
  identity: 0x03040506,
  ipv4: Uint8Array.of(7, 8, 9, 10),
  ifIndex: 0x0b0c0d0e,
  podMac: Uint8Array.of(0x12, 0x13, 0x14, 0x15, 0x16, 0x17),
  hostMac: Uint8Array.of(0x22, 0x23, 0x24, 0x25, 0x26, 0x27),
}

const modes: {
  routingMode: DatapathConfig['routingMode']
  values: fc.Arbitrary<EndpointValues>
  tunnel: object[]
}[] = [
  { routingMode: 'native', values: fc.record(nodeless), tunnel: [{}, {}, {}] },
  {
    routingMode: 'tunnel',
    values: fc.record({ ...nodeless, tunnelIfIndex: u32 }),
    tunnel: [{ tunnelIfIndex: 0 }, { tunnelIfIndex: 0xffffffff }, { tunnelIfIndex: 0x32333435 }],
  },
]

describe.runIf(isRoot).each(modes)(
  'the endpoint programs, routing mode $routingMode',
  ({ routingMode, values, tunnel }) => {
    const kernel = openBpfKernel()
    const config = { routingMode }
    const opened = new DisposableStack()
    let template: Template
    let maps: Record<string, BpfMap>
    let workDir: string

    beforeAll(async () => {
      workDir = mkdtempSync(join(tmpdir(), `axo-absolute-${process.pid}-`))
      opened.defer(() => rmSync(workDir, { recursive: true }))
      const signal = AbortSignal.timeout(60_000)
      const { path } = await compileObject({
        program: 'lxc',
        config,
        cacheDir: join(workDir, 'cache'),
        signal,
      })
      template = opened.use(loadTemplate(parseObject(await readFile(path)), { kernel }))
      maps = Object.fromEntries(
        Object.entries(template.maps).map(([name, spec]) => [name, opened.use(kernel.createMap(spec))]),
      )
    })
    afterAll(() => opened.dispose())

    /** Loads both: patched from the template, and compiled with the values in it and loaded by libbpf. */
    async function loadBoth(endpoint: EndpointValues) {
      using loading = new DisposableStack()
      const symbols = endpointSymbols(endpoint)
      const path = await compileAbsolute({ config, symbols, workDir, signal: AbortSignal.timeout(60_000) })
      const compiled = loading.use(loadByBpftool(path))
      const patched = loading.use(
        await template.instantiate({ constants: endpointConstants(endpoint), maps }),
      )
      const loaded = loading.move()
      return { compiled, patched, [Symbol.dispose]: () => loaded.dispose() }
    }

    it(
      'patched from the template have the tags of those with the values compiled in',
      async () => {
        const property = fc.asyncProperty(values, async (endpoint) => {
          using both = await loadBoth(endpoint)
          const tags = Object.values(both.patched.programs).map(({ name, tag }) => [name, tag])
          expect(Object.fromEntries(tags)).toEqual(
            Object.fromEntries(programs.map((name) => [name, both.compiled.tag(name)])),
          )
        })
        const examples = [lowest, highest, distinct].map((example, index): [EndpointValues] => [
          { ...example, ...tunnel[index] },
        ])
        await fc.assert(property, { numRuns: runs, examples, endOnFailure: true })
      },
      60_000 + runs * 30_000,
    )

    it('are the same behind the verifier, which sees the constants as known numbers', {
      timeout: 120_000,
    }, async () => {
      using both = await loadBoth({ ...distinct, ...tunnel[2] })
      for (const { id, name } of Object.values(both.patched.programs)) {
        expect(translatedInstructions('id', String(id))).toEqual(both.compiled.translated(name))
      }
    })
  },
)
