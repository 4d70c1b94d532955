import { readdirSync } from 'node:fs'
import { unpin } from '@axoneme/bpf'
import { describe, expect, it } from 'vitest'
import { attachmentKinds, hasBothAttachmentKinds } from '../testing/attachment-kinds.ts'
import { isRoot, TestCluster } from '../testing/test-cluster.ts'
import type { TestNode, TestPod } from '../testing/test-node.ts'
import { canConnect, openLine, serveLines } from '../testing/traffic.ts'
import type { AttachmentKind } from './attacher.ts'

/** What is attached to a device of the node, by hook. */
function attached(node: TestNode, name: string) {
  const ifIndex = node.netlink.linkByName(name)?.ifIndex ?? 0
  const filters = (['ingress', 'egress'] as const).flatMap((direction) =>
    node.netlink.filters(ifIndex, direction).map((filter) => `${direction} ${filter.name}`),
  )
  const { paths, kernel } = node.objects
  const directories = [
    paths.deviceLinks,
    ...readdirSync(paths.endpoints).map((id) => paths.endpoint(Number(id))),
  ]
  const links = directories.flatMap((directory) =>
    readdirSync(directory)
      .filter((pin) => pin !== 'policy')
      .filter((pin) => {
        using link = kernel.openPinnedLink(`${directory}/${pin}`)
        return kernel.linkInfo(link.fd).ifIndex === ifIndex
      }),
  )
  return { filters: filters.sort(), links: links.sort() }
}

const expectedOn = {
  pod: {
    tcx: { filters: [], links: ['link-from_pod', 'link-to_pod'] },
    clsact: { filters: ['egress to_pod', 'ingress from_pod'], links: [] },
  },
  eth0: {
    tcx: { filters: [], links: ['eth0-ingress'] },
    clsact: { filters: ['ingress from_netdev'], links: [] },
  },
}

function expectAttachedBy(kind: AttachmentKind, node: TestNode, pods: readonly TestPod[]): void {
  for (const { row } of pods) {
    expect(attached(node, row.hostIfName)).toEqual(expectedOn.pod[kind])
    expect(() => node.datapath.verify(row)).not.toThrow()
  }
  expect(attached(node, 'eth0')).toEqual(expectedOn.eth0[kind])
}

describe.runIf(isRoot).each(attachmentKinds)('programs attached by %s', (kind) => {
  it('decide on every way to and from pods', async () => {
    await using cluster = await TestCluster.create({ size: 2 })
    const [node, other] = [cluster.node(1), cluster.node(2)]
    node.attachment = kind
    other.attachment = kind
    await Promise.all([node.start(), other.start()])
    const client = await node.addPod({ id: 1 })
    const local = await node.addPod({ id: 2, ingress: [{ identity: client.row.identity }] })
    const remote = await other.addPod({ id: 1, identity: 5001, ingress: [{ identity: client.row.identity }] })
    node.addRemote(other, [remote])
    other.addRemote(node, [client, local])
    await Promise.all([node.settled(), other.settled()])
    expectAttachedBy(kind, node, [client, local])
    for (const { netns, row } of [local, remote]) {
      await using _server = await serveLines({ netns, address: row.ipv4, port: 80, name: 'pod' })
      const at = { address: row.ipv4, port: 80 }
      expect(await canConnect({ ...at, netns: client.netns }, { expected: true })).toBe(true)
    }
    await using _server = await serveLines({
      netns: local.netns,
      address: local.row.ipv4,
      port: 80,
      name: 'pod',
    })
    const toLocal = { address: local.row.ipv4, port: 80 }
    expect(await canConnect({ ...toLocal, netns: node.netns }, { expected: true })).toBe(true)
    // The world's and other nodes' packets come over the device.
    expect(await canConnect({ ...toLocal, netns: other.netns }, { expected: false })).toBe(false)
    await expect.poll(() => node.packets('dropPolicy', 'ingress'), { timeout: 10_000 }).toBeGreaterThan(0)
  })

  it('are replaced by a restart, without a packet that sees none', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    node.attachment = kind
    await node.start()
    const client = await node.addPod({ id: 1 })
    const server = await node.addPod({ id: 2, ingress: [{ identity: client.row.identity }] })
    const at = { address: server.row.ipv4, port: 80 }
    await using _server = await serveLines({ ...at, netns: server.netns, name: 'server' })
    using line = await openLine({ ...at, netns: client.netns })
    await line.ask('before')
    await node.stop()
    await line.ask('meanwhile')
    await node.start()
    await line.ask('after')
    expectAttachedBy(kind, node, [client, server])
  })

  it('leave a device that is no longer meant', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    node.attachment = kind
    await node.start()
    const pod = await node.addPod({ id: 1 })
    expectAttachedBy(kind, node, [pod])
    await node.stop()
    await node.start({ devices: [] })
    expect(attached(node, 'eth0')).toEqual({ filters: [], links: [] })
    expect(attached(node, pod.row.hostIfName)).toEqual(expectedOn.pod[kind])
  })

  it('are missed when somebody takes them away, and come back with the next start', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    node.attachment = kind
    await node.start()
    const { row } = await node.addPod({ id: 1 })
    if (kind === 'clsact') node.netlink.deleteClsact(node.netlink.linkByName(row.hostIfName)?.ifIndex ?? 0)
    else unpin(node.objects.paths.endpointLink(row.id, 'from_pod'))
    expect(() => node.datapath.verify(row)).toThrow('find program from_pod')
    await node.stop()
    await node.start()
    expect(() => node.datapath.verify(row)).not.toThrow()
  })
})

if (hasBothAttachmentKinds) {
  describe('a change of the attachment', () => {
    it('loses no connection: filters give way to links, and links stay', async () => {
      await using cluster = await TestCluster.create()
      const node = cluster.node(1)
      node.attachment = 'clsact'
      await node.start()
      const client = await node.addPod({ id: 1 })
      const server = await node.addPod({ id: 2, ingress: [{ identity: client.row.identity }] })
      const at = { address: server.row.ipv4, port: 80 }
      await using _server = await serveLines({ ...at, netns: server.netns, name: 'server' })
      using line = await openLine({ ...at, netns: client.netns })
      await line.ask('before')
      for (const kind of ['tcx', 'clsact'] as const) {
        await node.stop()
        node.attachment = kind
        await node.start()
        await line.ask(kind)
        expectAttachedBy('tcx', node, [client, server])
      }
      const later = await node.addPod({ id: 3 })
      expect(attached(node, later.row.hostIfName)).toEqual(expectedOn.pod.clsact)
      // What has links loses them with what they are for.
      node.remove(client.row)
      await node.stop()
      await node.start({ devices: [] })
      expect(attached(node, 'eth0')).toEqual({ filters: [], links: [] })
      expect(attached(node, later.row.hostIfName)).toEqual(expectedOn.pod.clsact)
    })
  })
}
