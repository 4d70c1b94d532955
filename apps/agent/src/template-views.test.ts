import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sampleHandlers } from '@axoneme/agent-api/testing'
import { openBpfKernel, unmountBpffs } from '@axoneme/bpf'
import { openDatapathObjects } from '@axoneme/datapath'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTables } from './tables.ts'
import { templateViews } from './template-views.ts'

const isRoot = process.getuid?.() === 0

describe.runIf(isRoot)('templateViews', () => {
  let directory: string
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), `axo-template-views-${process.pid}-`))
  })
  afterAll(() => {
    unmountBpffs(join(directory, 'bpf'))
    rmSync(directory, { recursive: true })
  })

  const openObjects = (routingMode: 'native' | 'tunnel') =>
    openDatapathObjects({
      kernel: openBpfKernel(),
      bpfRoot: join(directory, 'bpf'),
      templateDir: join(directory, 'templates'),
      clang: 'clang',
      config: { routingMode },
      mapSizes: { axo_ct4: 1024, axo_frag4: 64, axo_events: 65_536, axo_ipcache: 1024 },
      signal: AbortSignal.timeout(60_000),
    })

  it('show the templates that run before those of another configuration, each with what it is made of', async () => {
    {
      await using _earlier = await openObjects('tunnel')
    }
    await using objects = await openObjects('native')
    const views = templateViews({ tables: createTables(), objects })
    const templates = await views.templates()
    expect(templates.map(({ running }) => running)).toEqual([true, true, true, false, false, false])
    expect(templates.slice(0, 3).map(({ program }) => program)).toEqual(['lxc', 'host', 'overlay'])
    const modes = templates.map(({ configuration }) => configuration.routingMode)
    expect(modes).toEqual([...Array(3).fill('native'), ...Array(3).fill('tunnel')])

    const slotsOf = async (template: (typeof templates)[number] | undefined) =>
      (await views.describeTemplate(template!))?.slots.map(({ name }) => name)
    const cached = templates.find(({ program, running }) => program === 'lxc' && !running)
    expect(await slotsOf(templates[0])).not.toContain('TUNNEL_IFINDEX')
    expect(await slotsOf(cached)).toContain('TUNNEL_IFINDEX')

    for (const { hash } of [templates[0]!, cached!]) {
      writeFileSync(join(directory, 'templates', hash, 'template.o'), 'damaged')
    }
    // What runs was read before.
    expect(await slotsOf(templates[0])).toContain('EP_ID')
    expect(await slotsOf(cached)).toBeUndefined()
  }, 60_000)

  it('know nothing before the datapath is open, and say that', async () => {
    const views = templateViews({ tables: createTables() })
    expect(await views.templates()).toEqual([])
    const [pod] = sampleHandlers().endpoints()
    await expect(views.checkTemplate(pod!)).rejects.toMatchObject({
      code: 'DATAPATH_NOT_READY',
      retryable: true,
    })
  })
})
