import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { expect, it } from 'vitest'
import type { Connection } from './connection.ts'
import { createTransport } from './transport.ts'

it('drops a connection that nobody used for a while, and none that waits for its answer', async () => {
  const closed: Promise<void>[] = []
  const sockets: Socket[] = []
  const server = createServer((request, response) => {
    setTimeout(() => response.end('{}'), request.url === '/slow' ? 300 : 0)
  })
  server.on('connection', (socket) => {
    sockets.push(socket)
    closed.push(new Promise((resolve) => socket.once('close', () => resolve())))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const connection: Connection = {
    server: new URL(`http://127.0.0.1:${port}`),
    headers: {},
    tls: {},
  }
  using transport = createTransport({ maxIdleMs: 100 })
  const get = async (path: string) => {
    const { signal } = new AbortController()
    const answer = await transport.send(connection, {
      method: 'GET',
      path,
      headers: {},
      body: undefined,
      signal,
    })
    for await (const _ of answer);
    return answer.status
  }
  try {
    expect(await get('/slow')).toBe(200)
    await closed[0]
    expect(await get('/')).toBe(200)
    expect(sockets).toHaveLength(2)
  } finally {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
})
