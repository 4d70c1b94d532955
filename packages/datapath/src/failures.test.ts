import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { ProgramRejectedError } from '@axoneme/bpf'
import { compileObject } from '@axoneme/bpf-programs'
import { testTemplateDir } from '@axoneme/bpf-programs/testing'
import { loadTemplate, parseObject } from '@axoneme/bpf-templater'
import type { EndpointRow } from '@axoneme/endpoint'
import { describeError } from '@axoneme/lifecycle'
import { type Netlink, openNetlink } from '@axoneme/netlink'
import { describe, expect, it } from 'vitest'
import { readEndpointMap } from './endpoint-map.ts'
import type { DatapathObjects } from './objects.ts'
import { isRoot, TestCluster } from './testing/test-cluster.ts'
import type { TestNode } from './testing/test-node.ts'
import { canConnect, openLine, serveLines } from './testing/traffic.ts'

const everything = { ingress: 'everything', egress: 'everything' } as const

const statusOf = (node: TestNode, { id }: EndpointRow) => node.datapath.endpoints.status.get(String(id))

/** Everything that an endpoint has in the kernel or on disk. */
function remains(node: TestNode, row: EndpointRow): unknown[] {
  const { maps, paths } = node.objects
  const key = Buffer.alloc(4)
  key.writeUInt32LE(row.id)
  return [
    ...node.netlink.links().filter(({ name }) => name === row.hostIfName),
    ...readEndpointMap(maps.axo_endpoints!).filter(({ id }) => id === row.id),
    ...node.netlink.routes({ table: 254 }).filter((route) => route.destination === `${row.ipv4}/32`),
    ...(maps.axo_policy_calls?.lookup(key) === undefined ? [] : ['policy call']),
    ...(existsSync(paths.endpoint(row.id)) ? readdirSync(paths.endpoint(row.id)).concat('pins') : []),
    ...(node.saved.has(row.id) ? ['state'] : []),
  ]
}

/** The error of the row, for people; the row must have left nothing. */
async function failureOf(node: TestNode, row: EndpointRow): Promise<string> {
  await node.settled()
  const status = statusOf(node, row)
  expect(status?.state).toBe('error')
  expect(remains(node, row)).toEqual([])
  return describeError(status?.error)
}

async function expectRealised(node: TestNode, row: EndpointRow): Promise<void> {
  await node.settled()
  expect(statusOf(node, row)).toMatchObject({ state: 'done', row: { endpoint: row } })
  node.datapath.verify(row)
  await using _server = await serveLines({ netns: row.netnsPath, address: row.ipv4, port: 80, name: 'pod' })
  expect(await canConnect({ netns: node.netns, address: row.ipv4, port: 80 }, { expected: true })).toBe(true)
}

describe.runIf(isRoot)(
  'an endpoint that cannot be realised leaves nothing, says why, and can be later',
  () => {
    it.each([
      { what: 'is missing', make: () => {}, text: 'ENOENT' },
      {
        what: 'is no namespace',
        make: (path: string) => writeFileSync(path, ''),
        text: 'no network namespace',
      },
    ])('because its namespace $what', async ({ make, text }) => {
      await using cluster = await TestCluster.create()
      const node = cluster.node(1)
      await node.start()
      const { row } = node.newPod({ id: 1 })
      const netnsPath = `${cluster.directory}/netns/nowhere`
      make(netnsPath)
      node.put({ ...row, netnsPath }, everything)
      const message = await failureOf(node, row)
      expect(message).toContain(`enter the pod's network namespace ${netnsPath}`)
      expect(message).toContain(text)
      node.put(row, everything)
      await expectRealised(node, row)
    })

    it.each([
      { where: 'in the pod', open: (_: TestNode, netns: string) => openNetlink({ netns }), name: 'eth0' },
      { where: 'on the node', open: (node: TestNode) => node.openNetlink(), name: 'lxc000000000001' },
    ])('because somebody has its interface’s name $where', async ({ open, name }) => {
      await using cluster = await TestCluster.create()
      const node = cluster.node(1)
      await node.start()
      const { row, netns } = node.newPod({ id: 1 })
      using netlink: Netlink = open(node, netns)
      const { ifIndex } = netlink.addBridge({ name })
      node.put(row, everything)
      await node.settled()
      expect(statusOf(node, row)?.error).toMatchObject({ code: 'DATAPATH_INTERFACE_TAKEN' })
      expect(describeError(statusOf(node, row)?.error)).toContain(`make interface ${name}`)
      expect(netlink.linkByIndex(ifIndex)).toMatchObject({ name, kind: 'bridge' })
      expect(remains(node, row).filter((left) => (left as { kind?: string }).kind !== 'bridge')).toEqual([])
      netlink.deleteLink(ifIndex)
      node.put({ ...row }, everything)
      await expectRealised(node, node.tables.endpoints.get('1') as EndpointRow)
    })

    it('because its policy is too large for its map', async () => {
      await using cluster = await TestCluster.create({ mapSizes: { axo_policy: 4 } })
      const node = cluster.node(1)
      await node.start()
      const { row } = node.newPod({ id: 1 })
      const peers = (count: number) => Array.from({ length: count }, (_, i) => ({ identity: 3000 + i }))
      node.put(row, { ingress: peers(5), egress: [] })
      expect(await failureOf(node, row)).toContain(
        'map axo_policy is full: it holds its maximum of 4 entries',
      )
      node.put(row, { ingress: peers(4), egress: [] })
      await expectRealised(node, row)
    })

    it('because the kernel rejects its program', async () => {
      await using cluster = await TestCluster.create()
      const node = cluster.node(1)
      await using objects = await node.openObjects()
      const outcomes: string[] = []
      await using rejected = await withRejectedTemplate(node, objects)
      await node.start({ objects: rejected, observe: { endpoint: (outcome) => outcomes.push(outcome) } })
      const { row } = node.newPod({ id: 1 })
      node.put(row, everything)
      expect(await failureOf(node, row)).toMatch(/load program \w+: EINVAL; the verifier says/)
      expect(statusOf(node, row)?.error).toBeInstanceOf(ProgramRejectedError)
      expect(new Set(outcomes)).toEqual(new Set(['fail']))
      await node.stop()
      await node.start()
      await expectRealised(node, row)
    })
  },
)

describe.runIf(isRoot)('an endpoint that runs', () => {
  it('runs on as it was when a restart’s programs are rejected', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await node.start()
    const client = await node.addPod({ id: 1 })
    const server = await node.addPod({ id: 2, ingress: [{ identity: client.row.identity }] })
    const at = { address: server.row.ipv4, port: 80 }
    await using _server = await serveLines({ ...at, netns: server.netns, name: 'server' })
    using line = await openLine({ ...at, netns: client.netns })
    await line.ask('before')
    await node.stop()
    await using objects = await node.openObjects()
    await using rejected = await withRejectedTemplate(node, objects)
    await node.start({ objects: rejected })
    expect(statusOf(node, server.row)?.state).toBe('error')
    await line.ask('after')
    expect(await canConnect({ ...at, netns: client.netns }, { expected: true })).toBe(true)
    expect(() => node.datapath.verify(server.row)).not.toThrow()
    await node.stop()
    await node.start()
    expect(statusOf(node, server.row)?.state).toBe('done')
    await line.ask('at last')
  })

  it('loses what is no longer allowed even when what is new finds no room', async () => {
    await using cluster = await TestCluster.create({ mapSizes: { axo_policy: 3 } })
    const node = cluster.node(1)
    await node.start()
    const [leaving, staying] = [
      await node.addPod({ id: 1, identity: 3001 }),
      await node.addPod({ id: 2, identity: 3002 }),
    ]
    const server = node.newPod({ id: 3 })
    node.put(server.row, { ingress: [3001, 3002].map((identity) => ({ identity })), egress: 'everything' })
    await node.settled()
    const at = { address: server.row.ipv4, port: 80 }
    await using _server = await serveLines({ ...at, netns: server.netns, name: 'server' })
    using ending = await openLine({ ...at, netns: leaving.netns })
    using kept = await openLine({ ...at, netns: staying.netns })
    for (const line of [ending, kept]) await line.ask('before')
    const ingress = [3002, 3003, 3004].map((identity) => ({ identity }))
    node.put(server.row, { ingress, egress: 'everything' })
    await node.settled()
    expect(statusOf(node, server.row)?.error).toMatchObject({ code: 'BPF_MAP_FULL' })
    expect(await ending.isSilent('denied')).toBe(true)
    await kept.ask('still')
    node.put(server.row, { ingress: ingress.slice(0, 2), egress: 'everything' })
    await node.settled()
    expect(statusOf(node, server.row)?.state).toBe('done')
    await kept.ask('still')
  })

  it('has nothing any more after it was removed, which can be repeated', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    const steps: string[] = []
    await node.start({ observe: { endpointStep: (step) => steps.push(step) } })
    const pod = await node.addPod({ id: 1 })
    expect(steps).toEqual([
      'saveState',
      'link',
      'policyMap',
      'policyEntries',
      'bpfLoadProg',
      'attach',
      'expose',
      'total',
    ])
    expect(remains(node, pod.row)).toHaveLength(7)
    node.remove(pod.row)
    await node.settled()
    expect(remains(node, pod.row)).toEqual([])
    expect(statusOf(node, pod.row)).toBeUndefined()
    expect(() => node.datapath.verify(pod.row)).toThrow(`interface ${pod.row.hostIfName}`)

    // Its namespace was gone first, and with it the link.
    const other = await node.addPod({ id: 2 })
    node.netlink.ensureNoLink({ name: other.row.hostIfName })
    node.remove(other.row)
    await node.settled()
    expect(remains(node, other.row)).toEqual([])
  })

  it('gets the id of another one without anything of it', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await node.start()
    const first = await node.addPod({ id: 1, ingress: [] })
    const second = node.newPod({ id: 1 })
    const row = {
      ...second.row,
      ipv4: '10.50.1.77',
      podMac: '02:00:00:09:00:01',
      hostMac: '02:00:00:0a:00:01',
    }
    node.put(row, everything)
    await expectRealised(node, row)
    expect(readEndpointMap(node.objects.maps.axo_endpoints!).map(({ ipv4 }) => ipv4)).toEqual([row.ipv4])
    expect(remains(node, { ...first.row, id: 0, hostIfName: '' })).toEqual([])
  })
})

describe.runIf(isRoot)('startDatapath', () => {
  it('names a device that is missing, and can be called again', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await expect(node.start({ devices: ['eth7'] })).rejects.toThrow('find network device eth7')
    await node.start()
    const pod = await node.addPod({ id: 1 })
    await expectRealised(node, pod.row)
  })
})

/** The objects with an endpoint template whose programs end without a result, which the verifier must refuse. */
async function withRejectedTemplate(node: TestNode, objects: DatapathObjects): Promise<DatapathObjects> {
  const { path } = await compileObject({
    program: 'lxc',
    config: { routingMode: node.routingMode },
    cacheDir: testTemplateDir,
    signal: AbortSignal.timeout(60_000),
  })
  const plan = parseObject(await readFile(path))
  const programs = plan.programs.map((program) => {
    const insns = Buffer.from(program.insns)
    // The opcode of the first instruction becomes one that does not exist.
    insns[0] = 0xff
    return { ...program, insns }
  })
  const lxc = loadTemplate({ ...plan, programs }, { kernel: objects.kernel })
  return {
    ...objects,
    templates: { ...objects.templates, lxc },
    [Symbol.asyncDispose]: async () => lxc[Symbol.dispose](),
  }
}
