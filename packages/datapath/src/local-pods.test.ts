import { openNetlink } from '@axoneme/netlink'
import { describe, expect, it } from 'vitest'
import { protocol } from './testing/rows.ts'
import { isRoot, TestCluster, worldAddress } from './testing/test-cluster.ts'
import { canConnect, isAnsweredByUdp, isPingable, serveLines, serveUdp } from './testing/traffic.ts'

const { tcp, udp, icmp } = protocol

describe.runIf(isRoot)('pods of one node', () => {
  it('reach what ingress policy allows, by identity, protocol and port, and nothing else', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await node.start()
    const friend = await node.addPod({ id: 1, identity: 1001 })
    const stranger = await node.addPod({ id: 2, identity: 1002 })
    const server = await node.addPod({ id: 3, ingress: [{ identity: 1001, protocol: tcp, port: 80 }] })
    const address = server.row.ipv4
    await using _80 = await serveLines({ netns: server.netns, address, port: 80, name: 'server' })
    await using _81 = await serveLines({ netns: server.netns, address, port: 81, name: 'server' })
    using _udp = await serveUdp({ netns: server.netns, address, port: 80 })
    const drops = () => node.packets('dropPolicy', 'ingress')

    expect(await canConnect({ netns: friend.netns, address, port: 80 }, { expected: true })).toBe(true)
    expect(drops()).toBe(0)
    expect(await canConnect({ netns: friend.netns, address, port: 81 }, { expected: false })).toBe(false)
    const otherPort = drops()
    expect(otherPort).toBeGreaterThan(0)
    expect(await canConnect({ netns: stranger.netns, address, port: 80 }, { expected: false })).toBe(false)
    const otherIdentity = drops()
    expect(otherIdentity).toBeGreaterThan(otherPort)
    const from = { netns: friend.netns, address: friend.row.ipv4, port: 5000 }
    expect(await isAnsweredByUdp(from, { address, port: 80 }, { expected: false })).toBe(false)
    const otherProtocol = drops()
    expect(otherProtocol).toBeGreaterThan(otherIdentity)
    expect(await isPingable(friend.netns, address, { expected: false })).toBe(false)
    await expect.poll(drops, { timeout: 10_000 }).toBeGreaterThan(otherProtocol)
    expect(node.packets('dropPolicy', 'egress')).toBe(0)
  })

  it('reach what egress policy allows, and nothing else', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await node.start()
    const client = await node.addPod({
      id: 1,
      egress: [
        { identity: 1002, protocol: tcp, port: 80 },
        { identity: 1002, protocol: udp, port: 53 },
      ],
    })
    const server = await node.addPod({ id: 2, identity: 1002 })
    const address = server.row.ipv4
    await using _80 = await serveLines({ netns: server.netns, address, port: 80, name: 'server' })
    await using _81 = await serveLines({ netns: server.netns, address, port: 81, name: 'server' })
    using _53 = await serveUdp({ netns: server.netns, address, port: 53 })
    using _54 = await serveUdp({ netns: server.netns, address, port: 54 })
    const from = { netns: client.netns, address: client.row.ipv4, port: 5000 }

    expect(await canConnect({ netns: client.netns, address, port: 80 }, { expected: true })).toBe(true)
    expect(await isAnsweredByUdp(from, { address, port: 53 }, { expected: true })).toBe(true)
    expect(node.packets('dropPolicy', 'egress')).toBe(0)
    expect(await canConnect({ netns: client.netns, address, port: 81 }, { expected: false })).toBe(false)
    expect(await isAnsweredByUdp(from, { address, port: 54 }, { expected: false })).toBe(false)
    expect(await isPingable(client.netns, address, { expected: false })).toBe(false)
    await expect
      .poll(() => node.packets('dropPolicy', 'egress'), { timeout: 10_000 })
      .toBeGreaterThanOrEqual(3)
    expect(node.packets('dropPolicy', 'ingress')).toBe(0)
  })

  it('ping each other where ICMP is allowed', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await node.start()
    const client = await node.addPod({ id: 1, identity: 1001 })
    const server = await node.addPod({ id: 2, ingress: [{ identity: 1001, protocol: icmp }] })
    expect(await isPingable(client.netns, server.row.ipv4, { expected: true })).toBe(true)
    await expect
      .poll(() => node.packets('reasonForwarded', 'ingress'), { timeout: 10_000 })
      .toBeGreaterThan(0)
    await expect.poll(() => node.packets('reasonForwarded', 'egress'), { timeout: 10_000 }).toBeGreaterThan(0)
  })

  it('are always reached by their node, and reach it where egress policy allows', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await node.start()
    const closed = await node.addPod({ id: 1, ingress: [], egress: [] })
    const open = await node.addPod({ id: 2, ingress: [] })
    const address = closed.row.ipv4
    await using _pod = await serveLines({ netns: closed.netns, address, port: 80, name: 'pod' })
    const host = node.local.internalIp
    await using _host = await serveLines({ netns: node.netns, address: host, port: 10250, name: 'host' })

    expect(await canConnect({ netns: node.netns, address, port: 80 }, { expected: true })).toBe(true)
    expect(await isPingable(node.netns, address, { expected: true })).toBe(true)
    expect(await canConnect({ netns: open.netns, address: host, port: 10250 }, { expected: true })).toBe(true)
    expect(await isPingable(open.netns, node.local.routerIp, { expected: true })).toBe(true)
    expect(node.packets('dropPolicy', 'egress')).toBe(0)
    expect(await canConnect({ netns: closed.netns, address: host, port: 10250 }, { expected: false })).toBe(
      false,
    )
    await expect.poll(() => node.packets('dropPolicy', 'egress'), { timeout: 10_000 }).toBeGreaterThan(0)
  })

  it('are part of the world to what is outside of the cluster', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    cluster.routeToPods(node)
    await node.start()
    const open = await node.addPod({ id: 1, ingress: [{ identity: 2 }], egress: [{ identity: 2 }] })
    const closed = await node.addPod({ id: 2, ingress: [{ identity: 1001 }], egress: [{ identity: 1001 }] })
    const world = { netns: cluster.worldNetns, address: worldAddress, port: 443 }
    await using _world = await serveLines({ ...world, name: 'world' })
    for (const { netns, row } of [open, closed]) {
      const isOpen = row === open.row
      await using _pod = await serveLines({ netns, address: row.ipv4, port: 80, name: 'pod' })
      const expected = { expected: isOpen }
      const inwards = { netns: cluster.worldNetns, address: row.ipv4, port: 80 }
      expect(await canConnect(inwards, expected)).toBe(isOpen)
      expect(await canConnect({ ...world, netns }, expected)).toBe(isOpen)
      for (const direction of ['ingress', 'egress'] as const) {
        const drops = node.packets('dropPolicy', direction)
        if (isOpen) expect(drops).toBe(0)
        else expect(drops).toBeGreaterThan(0)
      }
    }
  })

  it('cannot speak in the name of another address', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await node.start()
    const liar = await node.addPod({ id: 1 })
    const server = await node.addPod({ id: 2 })
    const borrowed = '10.50.1.99'
    using pod = openNetlink({ netns: liar.netns })
    pod.addAddress({ ifIndex: pod.linkByName('eth0')?.ifIndex ?? 0, address: borrowed })
    const from = { netns: liar.netns, address: borrowed, port: 5000 }
    expect(await isAnsweredByUdp(from, { address: server.row.ipv4, port: 53 }, { expected: false })).toBe(
      false,
    )
    await expect
      .poll(() => node.packets('dropInvalidSourceIp', 'egress'), { timeout: 10_000 })
      .toBeGreaterThan(0)
  })
})
