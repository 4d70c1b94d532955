import { describe, expect, it } from 'vitest'
import { type Allow, protocol } from './testing/rows.ts'
import { isRoot, TestCluster } from './testing/test-cluster.ts'
import { openLine, serveLines } from './testing/traffic.ts'

const { tcp } = protocol

/** A connection from a pod with identity 1001 to one with 1002, whose policies can be changed. */
async function connected(server: { ingress?: Allow; egress?: Allow } = {}) {
  await using resources = new AsyncDisposableStack()
  const cluster = resources.use(await TestCluster.create())
  const node = cluster.node(1)
  await node.start()
  const client = await node.addPod({ id: 1, identity: 1001 })
  const pod = await node.addPod({ id: 2, identity: 1002, ...server })
  const at = { address: pod.row.ipv4, port: 80 }
  resources.use(await serveLines({ ...at, netns: pod.netns, name: 'server' }))
  const line = resources.use(await openLine({ ...at, netns: client.netns }))
  await line.ask('connected')
  const held = resources.move()
  return { node, client, pod, line, [Symbol.asyncDispose]: () => held.disposeAsync() }
}

describe.runIf(isRoot)('a change of policy', () => {
  it.each([
    ['server', 'ingress'],
    ['client', 'egress'],
  ] as const)('of the %s’s %s acts on an established connection within a packet', async (who, direction) => {
    await using test = await connected()
    const { node, line } = test
    const row = who === 'server' ? test.pod.row : test.client.row
    const everything: { ingress: Allow; egress: Allow } = { ingress: 'everything', egress: 'everything' }
    node.put(row, { ...everything, [direction]: [{ identity: 7777 }] })
    await node.settled()
    const drops = node.packets('dropPolicy', direction)
    expect(await line.isSilent('denied')).toBe(true)
    await expect.poll(() => node.packets('dropPolicy', direction), { timeout: 10_000 }).toBeGreaterThan(drops)

    node.put(row, everything)
    await node.settled()
    expect((await line.ask('allowed')).name).toBe('server')
  })

  it('that the connection is not about leaves it alone', async () => {
    await using test = await connected({ ingress: [{ identity: 1001, protocol: tcp, port: 80 }] })
    const { node, line, pod } = test
    for (const more of [7001, 7002, 7003]) {
      const ingress = [1001, more].map((identity) => ({ identity, protocol: tcp, port: 80 }))
      node.put(pod.row, { ingress, egress: [{ identity: more }] })
      await node.settled()
      await line.ask(`with ${more}`)
    }
    expect(node.packets('dropPolicy', 'ingress')).toBe(0)
    expect(node.packets('dropPolicy', 'egress')).toBe(0)
  })

  it('loads no program again', async () => {
    await using test = await connected()
    const { node, pod } = test
    const { ifIndex } = node.netlink.linkByName(pod.row.hostIfName)!
    const programs = () =>
      (['ingress', 'egress'] as const).flatMap((direction) =>
        node.netlink.filters(ifIndex, direction).map(({ programId }) => programId),
      )
    const before = programs()
    expect(before).toHaveLength(2)
    node.put(pod.row, { ingress: [{ identity: 1001 }] })
    await node.settled()
    expect(programs()).toEqual(before)
  })
})

describe.runIf(isRoot)('a change of identity', () => {
  it('swaps the programs and keeps an established connection that is allowed before and after', async () => {
    await using test = await connected({
      ingress: [1001, 2001].map((identity) => ({ identity, protocol: tcp, port: 80 })),
    })
    const { node, line, client } = test
    const changed = { ...client.row, identity: 2001 }
    node.put(changed, { ingress: 'everything', egress: 'everything' })
    // Traffic goes on while the programs are swapped.
    await Promise.all([node.settled(), line.ask('meanwhile')])
    expect((await line.ask('afterwards')).name).toBe('server')
    expect(node.packets('dropPolicy', 'ingress')).toBe(0)
    expect(node.saved.get(client.row.id)?.identity).toBe(2001)
  })

  it('ends what only the old identity was allowed', async () => {
    await using test = await connected({ ingress: [{ identity: 1001, protocol: tcp, port: 80 }] })
    const { node, line, client } = test
    node.put({ ...client.row, identity: 2001 }, { ingress: 'everything', egress: 'everything' })
    await node.settled()
    expect(await line.isSilent('denied')).toBe(true)
    await expect.poll(() => node.packets('dropPolicy', 'ingress'), { timeout: 10_000 }).toBeGreaterThan(0)
  })

  it('waits for the new identity’s policy and enforces the old pair meanwhile', async () => {
    await using test = await connected({ ingress: [{ identity: 1001, protocol: tcp, port: 80 }] })
    const { node, line, pod } = test
    node.tables.endpoints.upsert({ ...pod.row, identity: 2002 })
    await node.settled()
    await line.ask('still')
    expect(node.datapath.endpoints.status.get('2')?.row.endpoint.identity).toBe(1002)
    node.put({ ...pod.row, identity: 2002 }, { ingress: [] })
    await node.settled()
    expect(await line.isSilent('denied')).toBe(true)
    expect(node.datapath.endpoints.status.get('2')?.row.endpoint.identity).toBe(2002)
  })
})
