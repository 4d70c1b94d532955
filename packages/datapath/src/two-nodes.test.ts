import { readSysctl, writeSysctl } from '@axoneme/netlink'
import { describe, expect, it } from 'vitest'
import { protocol } from './testing/rows.ts'
import { isRoot, TestCluster } from './testing/test-cluster.ts'
import { canConnect, isAnsweredByUdp, isPingable, openLine, serveLines, serveUdp } from './testing/traffic.ts'
import type { RoutingMode } from './types.ts'

/** Two nodes that know of each other; the server's pod takes TCP port 80 from identity 1001 and from remote nodes. */
async function startCluster(routingMode: RoutingMode) {
  await using resources = new AsyncDisposableStack()
  const cluster = resources.use(await TestCluster.create({ size: 2, routingMode }))
  const [a, b] = [cluster.node(1), cluster.node(2)]
  await Promise.all([a.start(), b.start()])
  const friend = await a.addPod({ id: 1, identity: 1001 })
  const stranger = await a.addPod({ id: 2, identity: 1002 })
  const server = await b.addPod({
    id: 1,
    identity: 1003,
    ingress: [1001, 6].map((identity) => ({ identity, protocol: protocol.tcp, port: 80 })),
  })
  a.addRemote(b, [server])
  b.addRemote(a, [friend, stranger])
  await Promise.all([a.settled(), b.settled()])
  const held = resources.move()
  return { a, b, friend, stranger, server, [Symbol.asyncDispose]: () => held.disposeAsync() }
}

describe.runIf(isRoot).each(['native', 'tunnel'] as const)('pods of two nodes, routing mode %s', (mode) => {
  it('reach what policy allows by the sender’s identity', async () => {
    await using cluster = await startCluster(mode)
    const { b, friend, stranger, server } = cluster
    const address = server.row.ipv4
    await using _80 = await serveLines({ netns: server.netns, address, port: 80, name: 'server' })
    using _udp = await serveUdp({ netns: server.netns, address, port: 80 })

    using line = await openLine({ netns: friend.netns, address, port: 80 })
    expect(await line.ask('hello')).toEqual({ name: 'server', seenAs: friend.row.ipv4, text: 'hello' })
    expect(b.packets('dropPolicy', 'ingress')).toBe(0)
    expect(await canConnect({ netns: stranger.netns, address, port: 80 }, { expected: false })).toBe(false)
    await expect.poll(() => b.packets('dropPolicy', 'ingress'), { timeout: 10_000 }).toBeGreaterThan(0)
    const drops = b.packets('dropPolicy', 'ingress')
    const from = { netns: friend.netns, address: friend.row.ipv4, port: 5000 }
    expect(await isAnsweredByUdp(from, { address, port: 80 }, { expected: false })).toBe(false)
    await expect.poll(() => b.packets('dropPolicy', 'ingress'), { timeout: 10_000 }).toBeGreaterThan(drops)
  })

  it('carry packets of full size', async () => {
    await using cluster = await startCluster(mode)
    const { friend, server } = cluster
    const address = server.row.ipv4
    await using _80 = await serveLines({ netns: server.netns, address, port: 80, name: 'server' })
    using line = await openLine({ netns: friend.netns, address, port: 80 })
    const text = 'x'.repeat(1_000_000)
    expect((await line.ask(text)).text.length).toBe(text.length)
  })

  it('reach the other node, and are reached by it as a remote node', async () => {
    await using cluster = await startCluster(mode)
    const { a, b, friend, server } = cluster
    const address = server.row.ipv4
    await using _80 = await serveLines({ netns: server.netns, address, port: 80, name: 'server' })
    await using _81 = await serveLines({ netns: server.netns, address, port: 81, name: 'server' })
    const host = { netns: b.netns, address: b.local.internalIp, port: 10250 }
    await using _host = await serveLines({ ...host, name: 'host' })

    expect(await canConnect({ netns: a.netns, address, port: 80 }, { expected: true })).toBe(true)
    expect(b.packets('dropPolicy', 'ingress')).toBe(0)
    expect(await canConnect({ netns: a.netns, address, port: 81 }, { expected: false })).toBe(false)
    await expect.poll(() => b.packets('dropPolicy', 'ingress'), { timeout: 10_000 }).toBeGreaterThan(0)
    expect(await canConnect({ ...host, netns: friend.netns }, { expected: true })).toBe(true)
    expect(await isPingable(friend.netns, b.local.routerIp, { expected: true })).toBe(true)
  })
})

describe.runIf(isRoot)('tunnel mode', () => {
  it('works where the node filters strictly by reverse path, and filters no less than needed', async () => {
    await using cluster = await TestCluster.create({ size: 2, routingMode: 'tunnel' })
    const [a, b] = [cluster.node(1), cluster.node(2)]
    const filterOf = (netns: string) => readSysctl(netns, 'net.ipv4.conf.eth0.rp_filter')
    writeSysctl(a.netns, 'net.ipv4.conf.eth0.rp_filter', '0')
    for (const scope of ['all', 'default', 'eth0'])
      writeSysctl(b.netns, `net.ipv4.conf.${scope}.rp_filter`, '1')
    await Promise.all([a.start(), b.start()])
    expect([filterOf(a.netns), filterOf(b.netns)]).toEqual(['0', '2'])

    const client = await a.addPod({ id: 1 })
    a.addRemote(b, [])
    b.addRemote(a, [client])
    await Promise.all([a.settled(), b.settled()])
    const host = { netns: b.netns, address: b.local.internalIp, port: 10250 }
    await using _host = await serveLines({ ...host, name: 'host' })
    expect(await canConnect({ ...host, netns: client.netns }, { expected: true })).toBe(true)
    await using _pod = await serveLines({
      netns: client.netns,
      address: client.row.ipv4,
      port: 80,
      name: 'pod',
    })
    const toPod = { netns: b.netns, address: client.row.ipv4, port: 80 }
    expect(await canConnect(toPod, { expected: true })).toBe(true)
  })
})
