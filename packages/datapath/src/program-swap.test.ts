import { readdirSync } from 'node:fs'
import { type BpfProgram, unpin } from '@axoneme/bpf'
import type { ProgramSet, Template } from '@axoneme/bpf-templater'
import { describeError } from '@axoneme/lifecycle'
import { describe, expect, it } from 'vitest'
import { type Attacher, type AttachmentKind, openAttacher } from './attach/attacher.ts'
import { endpointConstants } from './endpoint-constants.ts'
import { endpointPrograms } from './endpoint-programs.ts'
import { SwapFailedError, UndoFailedError } from './errors.ts'
import { attachmentKinds, hasBothAttachmentKinds } from './testing/attachment-kinds.ts'
import { allRunningPrograms, loadedPrograms, runningPrograms } from './testing/running-programs.ts'
import { isRoot, TestCluster } from './testing/test-cluster.ts'
import type { TestNode, TestPod } from './testing/test-node.ts'
import { canConnect, openLine, serveLines } from './testing/traffic.ts'
import { u32 } from './u32.ts'

const names = ['from_pod', 'to_pod', 'pod_policy'] as const

/** A client and a server on one node, whose programs were attached by `kind`. */
async function twoPods(cluster: TestCluster, kind: AttachmentKind) {
  const node = cluster.node(1)
  node.attachment = kind
  await node.start()
  const client = await node.addPod({ id: 1 })
  const server = await node.addPod({ id: 2, ingress: [{ identity: client.row.identity }] })
  return { node, client, server, at: { address: server.row.ipv4, port: 80 } }
}

/** A program that the kernel has no place for where those of endpoints go. */
function unfitProgram(node: TestNode, name: string): BpfProgram {
  const insns = Buffer.from('b7000000000000009500000000000000', 'hex')
  return node.objects.kernel.loadProgramSync({ name, type: 'socket_filter', insns, license: 'GPL' })
}

/** A whole new set for the pod, but for one program that the kernel will refuse. */
function withUnfit(node: TestNode, set: ProgramSet, name: string): ProgramSet {
  const unfit = unfitProgram(node, name)
  return {
    programs: { ...set.programs, [name]: unfit },
    [Symbol.dispose]() {
      set[Symbol.dispose]()
      unfit.close()
    },
  }
}

/** The pod's programs as the datapath has them, attached by `kind` or by what `change` makes of it. */
function programsOf(
  node: TestNode,
  { row }: TestPod,
  {
    kind,
    change = (attacher) => attacher,
  }: { kind: AttachmentKind; change?: (attacher: Attacher) => Attacher },
) {
  const { kernel, templates, maps, paths } = node.objects
  const { netlink, netns } = node
  const attacher = change(openAttacher({ kernel, netlink, netns, kind }))
  const programs = endpointPrograms({ kernel, attacher, template: templates.lxc, maps, paths })
  const ifIndex = netlink.linkByName(row.hostIfName)?.ifIndex ?? 0
  const device = { id: row.id, ifIndex }
  return {
    device,
    attach: (set: ProgramSet) => programs.attach(device, set),
    missing: () => programs.missing(device),
    async load(): Promise<ProgramSet> {
      using policyMap = kernel.openPinnedMap(paths.policyMap(row.id))
      const constants = endpointConstants(row, { ifIndex, tunnelIfIndex: undefined })
      return await programs.load({ constants, policyMap })
    },
  }
}

function failureOf(run: () => void): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

const idsOf = ({ programs }: ProgramSet) =>
  Object.fromEntries(Object.entries(programs).map(([name, { id }]) => [name, id]))

describe.runIf(isRoot).each(attachmentKinds)('a swap of programs attached by %s', (kind) => {
  it.each(names)('that fails at %s leaves the old set, whole, and says so', async (name) => {
    await using cluster = await TestCluster.create()
    const { node, client, server, at } = await twoPods(cluster, kind)
    await using _server = await serveLines({ ...at, netns: server.netns, name: 'server' })
    using line = await openLine({ ...at, netns: client.netns })
    await line.ask('before')
    for (const pod of [client, server]) {
      const programs = programsOf(node, pod, { kind })
      const before = runningPrograms(node, pod.row)
      {
        using set = withUnfit(node, await programs.load(), name)
        const error = failureOf(() => programs.attach(set))
        expect(error).toBeInstanceOf(SwapFailedError)
        const { id, ifIndex } = programs.device
        const place = {
          from_pod: `on ingress of interface ${ifIndex}`,
          to_pod: `on egress of interface ${ifIndex}`,
          pod_policy: `in entry ${id} of axo_policy_calls`,
        }[name]
        expect(describeError(error)).toContain(
          `swap programs of endpoint ${id}: put ${name} ${place}; the old programs run on: `,
        )
        expect(describeError(error)).toContain('EINVAL')
      }
      expect(runningPrograms(node, pod.row)).toEqual(before)
      expect(programs.missing()).toEqual([])
      // Of the set that failed nothing stays.
      const running = allRunningPrograms(node, [client.row, server.row])
      await expect.poll(() => loadedPrograms(node)).toEqual(running)
      await line.ask(`after ${pod.row.podName}`)
      expect(await canConnect({ ...at, netns: client.netns }, { expected: true })).toBe(true)
      using good = await programs.load()
      programs.attach(good)
      expect(runningPrograms(node, pod.row)).toEqual(idsOf(good))
      await line.ask(`again ${pod.row.podName}`)
    }
  })

  it('that fails while there was no program at one place keeps the new one there', async () => {
    await using cluster = await TestCluster.create()
    const { node, client } = await twoPods(cluster, kind)
    const programs = programsOf(node, client, { kind })
    const { paths } = node.objects
    if (kind === 'tcx') unpin(paths.endpointLink(client.row.id, 'from_pod'))
    else node.netlink.deleteClsact(programs.device.ifIndex)
    const before = runningPrograms(node, client.row)
    expect(before.from_pod).toBeUndefined()
    using set = withUnfit(node, await programs.load(), 'pod_policy')
    expect(failureOf(() => programs.attach(set))).toBeInstanceOf(SwapFailedError)
    const { from_pod, to_pod } = idsOf(set)
    expect(runningPrograms(node, client.row)).toEqual({
      from_pod,
      to_pod: before.to_pod ?? to_pod,
      pod_policy: before.pod_policy,
    })
  })

  it('that cannot be undone says which programs are new, and the next one repairs it', async () => {
    await using cluster = await TestCluster.create()
    const { node, client, server, at } = await twoPods(cluster, kind)
    await using _server = await serveLines({ ...at, netns: server.netns, name: 'server' })
    using line = await openLine({ ...at, netns: client.netns })
    await line.ask('before')
    const before = runningPrograms(node, server.row)
    const failing = programsOf(node, server, {
      kind,
      change: (attacher) => ({
        ...attacher,
        hold: (hook) => ({
          restore() {
            throw new Error(`no way back on ${hook.direction}`)
          },
          [Symbol.dispose]() {},
        }),
      }),
    })
    using set = withUnfit(node, await failing.load(), 'pod_policy')
    const error = failureOf(() => failing.attach(set))
    expect(error).toBeInstanceOf(UndoFailedError)
    expect(describeError(error)).toContain(
      `undo swap of programs of endpoint ${server.row.id} (no way back on egress; no way back on ingress) after`,
    )
    expect(describeError(error)).toContain('to_pod, from_pod may be new, the other programs are the old ones')
    const { from_pod, to_pod } = idsOf(set)
    expect(runningPrograms(node, server.row)).toEqual({ from_pod, to_pod, pod_policy: before.pod_policy })
    await line.ask('with new and old programs')
    const programs = programsOf(node, server, { kind })
    using good = await programs.load()
    programs.attach(good)
    expect(runningPrograms(node, server.row)).toEqual(idsOf(good))
    await line.ask('with new programs')
  })

  if (hasBothAttachmentKinds) {
    it('by the other kind of attachment goes back to how it was when it fails', async () => {
      await using cluster = await TestCluster.create()
      const { node, client, server, at } = await twoPods(cluster, kind)
      await using _server = await serveLines({ ...at, netns: server.netns, name: 'server' })
      using line = await openLine({ ...at, netns: client.netns })
      await line.ask('before')
      const before = runningPrograms(node, server.row)
      const pins = () => readdirSync(node.objects.paths.endpoint(server.row.id)).sort()
      const pinsBefore = pins()
      const other = programsOf(node, server, { kind: kind === 'tcx' ? 'clsact' : 'tcx' })
      for (const name of names) {
        using set = withUnfit(node, await other.load(), name)
        const error = failureOf(() => other.attach(set))
        expect(error, name).toBeInstanceOf(SwapFailedError)
        expect(runningPrograms(node, server.row), name).toEqual(before)
        expect(programsOf(node, server, { kind }).missing(), name).toEqual([])
        expect(pins(), name).toEqual(pinsBefore)
        await line.ask(name)
      }
      using good = await other.load()
      other.attach(good)
      expect(other.missing()).toEqual([])
      expect(runningPrograms(node, server.row)).toEqual(idsOf(good))
      expect(pins()).toEqual(['link-from_pod', 'link-to_pod', 'policy'])
      await line.ask('at last')
    })
  }
})

describe.runIf(isRoot)('an endpoint whose programs cannot be swapped', () => {
  it('has its old ones and a status that says why, until they can', async () => {
    await using cluster = await TestCluster.create()
    const { node, client, server, at } = await twoPods(cluster, 'clsact')
    await using _server = await serveLines({ ...at, netns: server.netns, name: 'server' })
    using line = await openLine({ ...at, netns: client.netns })
    await line.ask('before')
    const before = [client, server].map(({ row }) => runningPrograms(node, row))
    await node.stop()
    await using objects = await node.openObjects()
    const lxc: Template = {
      ...objects.templates.lxc,
      instantiate: async (options) =>
        withUnfit(node, await objects.templates.lxc.instantiate(options), 'pod_policy'),
    }
    await node.start({ objects: { ...objects, templates: { ...objects.templates, lxc } } })
    for (const [index, { row }] of [client, server].entries()) {
      const status = node.datapath.endpoints.status.get(String(row.id))
      expect(status).toMatchObject({ state: 'error', error: { code: 'DATAPATH_SWAP' } })
      expect(runningPrograms(node, row)).toEqual(before[index])
      expect(() => node.datapath.verify(row)).not.toThrow()
    }
    await line.ask('with the old ones')
    await node.stop()
    await node.start()
    for (const { row } of [client, server]) {
      expect(node.datapath.endpoints.status.get(String(row.id))?.state).toBe('done')
    }
    await line.ask('with the new ones')
  })

  it('is told from one without its tail call', async () => {
    await using cluster = await TestCluster.create()
    const { node, server } = await twoPods(cluster, 'clsact')
    node.objects.map('axo_policy_calls').delete(u32(server.row.id))
    expect(() => node.datapath.verify(server.row)).toThrow('find program pod_policy')
  })
})
