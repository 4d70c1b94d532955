import { getuid } from 'node:process'
import { openNetlink } from '@axoneme/netlink'
import { connectInNetns, serveTcpInNetns } from '@axoneme/syscalls'
import { afterEach, describe, expect, it } from 'vitest'
import { fabric, instanceOf, nodesOf } from './instance.ts'
import { remains, removeEverything } from './teardown.ts'
import { createTopology } from './topology.ts'

const isRoot = getuid?.() === 0
const instance = instanceOf(`topo-${process.pid}`)

describe.runIf(isRoot || process.env.CI === 'true')('topology', () => {
  afterEach(() => removeEverything(instance))

  it('lets nodes reach each other and the fabric, and goes without a trace', async () => {
    using own = openNetlink()
    const linksBefore = own.links().length
    const nodes = nodesOf(instance, 3)
    createTopology(instance, nodes)
    expect(own.links()).toHaveLength(linksBefore)

    const [first, , third] = nodes
    const server = await serveTcpInNetns(
      { netns: third!.netns, address: third!.address, port: 7 },
      (socket) => {
        socket.end('hello')
      },
    )
    const socket = await connectInNetns({
      netns: first!.netns,
      address: third!.address,
      port: 7,
      timeoutMs: 5_000,
    })
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    expect(text).toBe('hello')
    await expect(
      connectInNetns({ netns: first!.netns, address: fabric.gateway, port: 7, timeoutMs: 5_000 }),
    ).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    server.close()

    expect(remains(instance).netns).toHaveLength(4)
    await removeEverything(instance)
    await removeEverything(instance)
    expect(remains(instance)).toEqual({ processes: [], netns: [], mounts: [], stateDir: [] })
  })
})
