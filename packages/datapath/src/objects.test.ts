import { join } from 'node:path'
import { openBpfKernel } from '@axoneme/bpf'
import type { CompileEvent } from '@axoneme/bpf-programs'
import { testTemplateDir } from '@axoneme/bpf-programs/testing'
import { describe, expect, it } from 'vitest'
import { openDatapathObjects } from './objects.ts'
import { isRoot, TestCluster } from './testing/test-cluster.ts'

async function options(changes: Partial<Parameters<typeof openDatapathObjects>[0]> = {}) {
  const cluster = await TestCluster.create()
  return {
    kernel: openBpfKernel(),
    bpfRoot: cluster.node(1).bpfRoot,
    templateDir: testTemplateDir,
    clang: 'clang',
    config: { routingMode: 'native' } as const,
    mapSizes: { axo_ct4: 1024, axo_frag4: 64, axo_events: 65_536 },
    signal: AbortSignal.timeout(60_000),
    ...changes,
  }
}

describe.runIf(isRoot)('datapath objects', () => {
  it('open without a compiler when they were compiled before', async () => {
    const first = await options()
    const { lxc } = await (async () => {
      await using objects = await openDatapathObjects(first)
      return objects.sources
    })()
    const events: CompileEvent[] = []
    await using again = await openDatapathObjects({
      ...first,
      clang: '/nonexistent/clang',
      onCompile: (event) => events.push(event),
    })
    expect(again.sources.lxc.hash).toBe(lxc.hash)
    expect(events).toHaveLength(3)
    for (const event of events) {
      expect(event).toMatchObject({
        outcome: 'cached',
        problem: expect.stringContaining('find the compiler /nonexistent/clang'),
      })
    }
  })

  it('say what is missing when they were not', async () => {
    const { bpfRoot, ...rest } = await options({ clang: '/nonexistent/clang' })
    const opening = openDatapathObjects({ ...rest, bpfRoot, templateDir: join(bpfRoot, '..', 'templates') })
    await expect(opening).rejects.toMatchObject({
      code: 'BPF_COMPILE',
      retryable: true,
      hint: expect.stringContaining('install clang'),
    })
  })

  it('tell what they were made from', async () => {
    await using objects = await openDatapathObjects(await options({ config: { routingMode: 'tunnel' } }))
    const { lxc, overlay } = objects.sources
    expect(lxc.metadata).toMatchObject({ program: 'lxc', config: { routingMode: 'tunnel' } })
    expect(lxc.plan.constants.map(({ name }) => name)).toContain('TUNNEL_IFINDEX')
    expect(overlay.plan.programs.map(({ name }) => name)).toEqual(['from_overlay'])
    const hashes = (await objects.cache.entries()).map(({ hash }) => hash)
    expect(hashes).toEqual(expect.arrayContaining([lxc.hash, overlay.hash]))
  })
})
