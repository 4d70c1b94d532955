import { once } from 'node:events'
import { getuid } from 'node:process'
import { bindUdpInNetns, connectInNetns, createNetns, deleteNetns } from '@axoneme/syscalls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { raiseLoopback } from '../topology.ts'
import { createPodServers, type PodServers } from './pod-servers.ts'

const netns = `/run/netns/axo-test-servers-${process.pid}`
const address = '127.0.0.1'

describe.runIf(getuid?.() === 0)('pod servers', () => {
  let servers: PodServers
  beforeEach(() => {
    createNetns(netns)
    raiseLoopback(netns)
    servers = createPodServers({ netns, name: 'shop/web' })
  })
  afterEach(async () => {
    await servers[Symbol.asyncDispose]()
    deleteNetns(netns)
  })

  const connect = (port: number) => connectInNetns({ netns, address, port, timeoutMs: 5_000 })

  it('answers every line and keeps the connection', async () => {
    await servers.serve([{ protocol: 'TCP', port: 80 }])
    const socket = await connect(80)
    for (const line of ['one', 'two', '']) {
      socket.write(`${line}\r\n`)
      const [answer] = await once(socket, 'data')
      expect(String(answer)).toBe(`shop/web 80 ${line}\n`)
    }
    socket.destroy()
  })

  it('answers HTTP with the name of the pod', async () => {
    await servers.serve([{ protocol: 'TCP', port: 81 }])
    const socket = await connect(81)
    socket.write('GET /a HTTP/1.1\r\nhost: x\r\n\r\n')
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    expect(text).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*\r\n\r\nshop\/web\n$/)
  })

  it('answers datagrams', async () => {
    await servers.serve([{ protocol: 'UDP', port: 53 }])
    const socket = await bindUdpInNetns({ netns, address, port: 0 })
    socket.send('hello', 53, address)
    const [answer] = await once(socket, 'message')
    expect(String(answer)).toBe('shop/web 53 hello\n')
    socket.close()
  })

  it('closes what is not wanted any more, with its connections', async () => {
    await servers.serve([{ protocol: 'TCP', port: 80 }])
    const socket = await connect(80)
    const closed = once(socket.on('error', () => {}).resume(), 'close')
    await servers.serve([{ protocol: 'TCP', port: 90 }])
    await closed
    await expect(connect(80)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    ;(await connect(90)).destroy()
  })

  it('says which port is taken', async () => {
    const other = createPodServers({ netns, name: 'shop/other' })
    await other.serve([{ protocol: 'TCP', port: 80 }])
    await expect(servers.serve([{ protocol: 'TCP', port: 80 }])).rejects.toThrow(/:80 .*EADDRINUSE/)
    await other[Symbol.asyncDispose]()
  })
})
