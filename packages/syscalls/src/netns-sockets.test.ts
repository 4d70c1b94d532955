import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createNetns, deleteNetns, withNetns } from './namespaces.ts'
import { bindUdpInNetns, connectInNetns, serveTcpInNetns } from './netns-sockets.ts'

const portOf = (server: Server) => (server.address() as AddressInfo).port

describe.runIf(process.getuid?.() === 0)('sockets of another namespace', () => {
  const directory = mkdtempSync(join(tmpdir(), 'axo-sockets-'))
  const netns = join(directory, 'pod')
  beforeAll(() => {
    createNetns(netns)
    withNetns(netns, () => {
      execFileSync('ip', ['link', 'set', 'lo', 'up'])
      execFileSync('ip', ['route', 'add', 'blackhole', '198.51.100.0/24'])
      execFileSync('ip', ['link', 'add', 'void', 'type', 'veth', 'peer', 'name', 'sink'])
      execFileSync('ip', ['link', 'set', 'sink', 'up'])
      execFileSync('ip', ['addr', 'add', '192.0.2.1/24', 'dev', 'void'])
      execFileSync('ip', ['link', 'set', 'void', 'arp', 'off', 'up'])
    })
  })
  afterAll(() => {
    deleteNetns(netns)
    rmSync(directory, { recursive: true })
  })

  it.each(['127.0.0.1', '::1'])('serves and connects on %s', async (address) => {
    await using server = await serveTcpInNetns({ netns, address, port: 0 }, (socket) =>
      socket.end(`to ${socket.remotePort}`),
    )
    const port = portOf(server)
    const socket = await connectInNetns({ netns, address, port, timeoutMs: 5000 })
    const { remotePort, localPort } = socket
    expect(remotePort).toBe(port)
    expect(await text(socket)).toBe(`to ${localPort}`)
    // The same port here has no listener: the server really is elsewhere.
    await expect(connectInNetns({ address, port, timeoutMs: 5000 })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    })
  })

  it('connects from the local end it was told', async () => {
    const address = '127.0.0.1'
    await using server = await serveTcpInNetns({ netns, address, port: 0 }, (socket) =>
      socket.end(`${socket.remoteAddress} ${socket.remotePort}`),
    )
    const local = { address: '127.0.0.9', port: 4242 }
    const socket = await connectInNetns({ netns, address, port: portOf(server), local, timeoutMs: 5000 })
    expect(await text(socket)).toBe('127.0.0.9 4242')
  })

  it.each([
    ['nobody listens', '127.0.0.1', 'ECONNREFUSED'],
    ['there is no route', '203.0.113.1', 'ENETUNREACH'],
    ['the route is a black hole', '198.51.100.1', 'EINVAL'],
    ['nobody answers', '192.0.2.9', 'ETIMEDOUT'],
  ])('when %s: %s is %s', async (_, address, code) => {
    const before = readdirSync('/proc/self/fd').length
    const connecting = connectInNetns({ netns, address, port: 9, timeoutMs: 200 })
    await expect(connecting).rejects.toMatchObject({ code, message: expect.stringContaining(address) })
    await new Promise(setImmediate)
    expect(readdirSync('/proc/self/fd').length).toBe(before)
  })

  it('stops when told', async () => {
    const abort = new AbortController()
    const connecting = connectInNetns({
      netns,
      address: '192.0.2.9',
      port: 9,
      timeoutMs: 60_000,
      signal: abort.signal,
    })
    abort.abort(new Error('enough'))
    await expect(connecting).rejects.toThrow('enough')
  })

  it('says what it could not bind', async () => {
    await expect(serveTcpInNetns({ netns, address: '192.0.2.77', port: 80 }, () => {})).rejects.toMatchObject(
      {
        code: 'EADDRNOTAVAIL',
        message: expect.stringContaining('192.0.2.77:80'),
      },
    )
    await expect(bindUdpInNetns({ netns, address: 'localhost', port: 80 })).rejects.toMatchObject({
      code: 'EINVAL',
    })
  })

  it.each(['127.0.0.1', '::1'])('sends datagrams on %s', async (address) => {
    const server = await bindUdpInNetns({ netns, address, port: 0 })
    const client = await bindUdpInNetns({ netns, address, port: 0 })
    try {
      server.on('message', (message, from) => server.send(`re: ${message}`, from.port, from.address))
      client.send('ping', server.address().port, address)
      const [answer] = await once(client, 'message')
      expect(String(answer)).toBe('re: ping')
    } finally {
      server.close()
      client.close()
    }
  })
})
