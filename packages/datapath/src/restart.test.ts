import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readEndpointMap } from './endpoint-map.ts'
import { attachmentKinds } from './testing/attachment-kinds.ts'
import { frontendRow } from './testing/rows.ts'
import { isRoot, TestCluster } from './testing/test-cluster.ts'
import type { TestNode } from './testing/test-node.ts'
import { canConnect, openLine, serveLines } from './testing/traffic.ts'

const service = { address: '10.96.0.10', port: 80 }

/** Everything of the node in the kernel that has an identity of its own. */
function kernelObjects(node: TestNode) {
  const { kernel, maps, paths } = node.objects
  const links = readdirSync(paths.endpoints).flatMap((id) =>
    readdirSync(paths.endpoint(Number(id)))
      .filter((name) => name.startsWith('link-'))
      .map((name) => {
        using link = kernel.openPinnedLink(`${paths.endpoint(Number(id))}/${name}`)
        return { id, name, linkId: link.id, ifIndex: kernel.linkInfo(link.fd).ifIndex }
      }),
  )
  const policyMaps = readdirSync(paths.endpoints).map((id) => {
    using map = kernel.openPinnedMap(paths.policyMap(Number(id)))
    return { id, mapId: map.id }
  })
  return {
    links,
    policyMaps,
    maps: Object.fromEntries(Object.entries(maps).map(([name, map]) => [name, map.id])),
    devices: readdirSync(paths.deviceLinks).map((name) => {
      using link = kernel.openPinnedLink(`${paths.deviceLinks}/${name}`)
      return { name, linkId: link.id }
    }),
    interfaces: node.netlink.links().map(({ ifIndex, name, mac }) => ({ ifIndex, name, mac })),
    routes: node.netlink.routes({ table: 254 }),
    endpoints: readEndpointMap(maps.axo_endpoints!).map(({ id, ipv4 }) => ({ id, ipv4 })),
    services: [...maps.axo_lb4_services!.entries()].map(
      ([key, value]) => key.toString('hex') + value.toString('hex'),
    ),
  }
}

describe.runIf(isRoot).each(['native', 'tunnel'] as const)('a restart, routing mode %s', (routingMode) => {
  it('interrupts nothing, uses everything again and doubles nothing', async () => {
    await using cluster = await TestCluster.create({ size: 2, routingMode })
    const [node, other] = [cluster.node(1), cluster.node(2)]
    await Promise.all([node.start(), other.start()])
    const client = await node.addPod({ id: 1 })
    const server = await node.addPod({ id: 2, ingress: [{ identity: client.row.identity }] })
    const remote = await other.addPod({ id: 1, identity: 5001, ingress: [{ identity: client.row.identity }] })
    node.addRemote(other, [remote])
    other.addRemote(node, [client, server])
    const backends = [{ address: server.row.ipv4, port: 80 }]
    node.tables.frontends.upsert(frontendRow({ ...service, backends }))
    await Promise.all([node.settled(), other.settled()])
    await using _server = await serveLines({
      netns: server.netns,
      address: server.row.ipv4,
      port: 80,
      name: 'server',
    })
    await using _remote = await serveLines({
      netns: remote.netns,
      address: remote.row.ipv4,
      port: 80,
      name: 'remote',
    })
    const { netns } = client
    using local = await openLine({ netns, address: server.row.ipv4, port: 80 })
    using far = await openLine({ netns, address: remote.row.ipv4, port: 80 })
    using balanced = await openLine({ netns, ...service })
    const lines = [local, far, balanced]
    for (const line of lines) await line.ask('before')
    const before = kernelObjects(node)

    await node.stop()
    for (const line of lines) await line.ask('while nobody is there')
    expect(await canConnect({ netns, address: server.row.ipv4, port: 80 }, { expected: true })).toBe(true)
    await node.start()
    for (const line of lines) await line.ask('after')
    expect(kernelObjects(node)).toEqual(before)
  })
})

describe.runIf(isRoot)('a restart', () => {
  it('with fewer endpoints removes everything of the missing one', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await node.start()
    const staying = await node.addPod({ id: 1 })
    const empty = kernelObjects(node)
    const gone = await node.addPod({ id: 2 })
    const { paths } = node.objects
    expect(node.netlink.linkByName(gone.row.hostIfName)).toBeDefined()
    expect(hasPolicyProgram(node, 2)).toBe(true)
    await node.stop()
    node.remove(gone.row)
    await node.start()

    expect(node.netlink.linkByName(gone.row.hostIfName)).toBeUndefined()
    expect(existsSync(paths.endpoint(2))).toBe(false)
    expect(hasPolicyProgram(node, 2)).toBe(false)
    expect(hasPolicyProgram(node, 1)).toBe(true)
    expect([...node.saved.keys()]).toEqual([staying.row.id])
    expect(kernelObjects(node)).toEqual(empty)
  })

  it('enforces a policy that changed meanwhile on connections that were established before', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await node.start()
    const client = await node.addPod({ id: 1 })
    const server = await node.addPod({ id: 2 })
    const at = { address: server.row.ipv4, port: 80 }
    await using _server = await serveLines({ ...at, netns: server.netns, name: 'server' })
    using line = await openLine({ ...at, netns: client.netns })
    await line.ask('before')
    await node.stop()
    node.put(server.row, { ingress: [{ identity: 7777 }] })
    await node.start()
    expect(await line.isSilent('after')).toBe(true)
  })

  it('enforces a policy that the earlier process wrote but did not announce', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await node.start()
    const client = await node.addPod({ id: 1 })
    const server = await node.addPod({ id: 2 })
    const at = { address: server.row.ipv4, port: 80 }
    await using _server = await serveLines({ ...at, netns: server.netns, name: 'server' })
    using line = await openLine({ ...at, netns: client.netns })
    await line.ask('before')
    const { kernel, paths } = node.objects
    using policyMap = kernel.openPinnedMap(paths.policyMap(2))
    await node.stop()
    // The process was killed between its write to the policy map and the new epoch.
    policyMap.deleteBatch(Array.from(policyMap.entries(), ([key]) => key))
    node.put(server.row, { ingress: [], egress: [] })
    await node.start()
    expect(await line.isSilent('after')).toBe(true)
  })

  it('replaces a policy map whose size option changed, without losing a connection', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await node.start()
    const client = await node.addPod({ id: 1 })
    const server = await node.addPod({ id: 2 })
    const at = { address: server.row.ipv4, port: 80 }
    await using _server = await serveLines({ ...at, netns: server.netns, name: 'server' })
    using line = await openLine({ ...at, netns: client.netns })
    await line.ask('before')
    await node.stop()
    node.mapSizes.axo_policy = 2048
    await node.start()
    await line.ask('after')
    using map = node.objects.kernel.openPinnedMap(node.objects.paths.policyMap(2))
    expect(map.spec.maxEntries).toBe(2048)
    node.put(server.row, { ingress: [{ identity: 7777 }] })
    await node.settled()
    expect(await line.isSilent('denied')).toBe(true)
  })

  it('makes a link anew that the earlier process had not finished', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await node.start()
    const client = await node.addPod({ id: 1 })
    const half = node.newPod({ id: 2 })
    await node.stop()
    // Killed right after the pair was made: the pod's end has no address, the host side is down.
    using netlink = node.openNetlink()
    netlink.addVeth({
      name: half.row.hostIfName,
      mac: half.row.hostMac,
      peerName: half.row.ifName,
      peerNetns: half.netns,
    })
    node.put(half.row, { ingress: 'everything', egress: 'everything' })
    await node.start()
    const at = { netns: half.netns, address: half.row.ipv4, port: 80 }
    await using _server = await serveLines({ ...at, name: 'server' })
    expect(await canConnect({ ...at, netns: client.netns }, { expected: true })).toBe(true)
  })

  it('in the other routing mode removes what only the first needs', async () => {
    await using cluster = await TestCluster.create({ size: 2, routingMode: 'tunnel' })
    const node = cluster.node(1)
    await node.start()
    const pod = await node.addPod({ id: 1 })
    node.addRemote(cluster.node(2), [])
    await node.settled()
    expect(
      kernelObjects(node)
        .devices.map(({ name }) => name)
        .sort(),
    ).toEqual(linksOf('axo_vxlan-ingress', 'eth0-ingress'))
    await node.stop()
    node.routingMode = 'native'
    await node.start()
    expect(kernelObjects(node).devices.map(({ name }) => name)).toEqual(linksOf('eth0-ingress'))
    expect(node.netlink.linkByName('axo_vxlan')).toBeUndefined()
    expect(node.netlink.routes({ table: 254 })).toContainEqual(
      expect.objectContaining({ destination: '10.50.2.0/24', gateway: '192.168.50.2' }),
    )
    expect(() => node.datapath.verify(pod.row)).not.toThrow()
  })
})

/** What is attached by filters has no links. */
function linksOf(...names: string[]): string[] {
  return attachmentKinds.includes('tcx') ? names : []
}

function hasPolicyProgram(node: TestNode, id: number): boolean {
  const key = Buffer.alloc(4)
  key.writeUInt32LE(id)
  return node.objects.maps.axo_policy_calls?.lookup(key) !== undefined
}
