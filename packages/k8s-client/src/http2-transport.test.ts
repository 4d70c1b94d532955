import { constants, createServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { expect, it } from 'vitest'
import { createJson, getJson, K8sApiError, openK8sClient } from './index.ts'
import { writeKubeconfig } from './testing/index.ts'

/** A client of a server that speaks nothing but HTTP/2. */
async function open(handle: (request: Http2ServerRequest, response: Http2ServerResponse) => void) {
  await using stack = new AsyncDisposableStack()
  const sockets = new Set<Socket>()
  const server = createServer(handle)
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stack.defer(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const config = stack.use(await writeKubeconfig(url))
  const client = stack.use(
    await openK8sClient({ kubeconfigPath: config.path, userAgent: 'axoneme-test/1', http2: true }),
  )
  const owned = stack.move()
  return { client, sockets, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

it('sends requests and streams over one connection', async () => {
  await using opened = await open(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { method, url, headers } = request
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write(
      JSON.stringify({ method, url, agent: headers['user-agent'], body: String(Buffer.concat(chunks)) }),
    )
    if (url !== '/stream') response.end()
  })
  const { client, sockets } = opened
  const stream = await client.stream({ method: 'GET', path: '/stream' })
  expect(await createJson(client, '/api/v1/pods', { body: { a: 1 }, query: { dryRun: 'All' } })).toEqual({
    method: 'POST',
    url: '/api/v1/pods?dryRun=All',
    agent: 'axoneme-test/1',
    body: '{"a":1}',
  })
  await Promise.all(Array.from({ length: 20 }, (_, i) => getJson(client, `/api/v1/nodes/${i}`)))
  for await (const chunk of stream.chunks) {
    expect(String(chunk)).toContain('/stream')
    break
  }
  expect(sockets.size).toBe(1)
})

it('says what a refusal said, and that an answer was cut', async () => {
  await using opened = await open((request, response) => {
    if (request.url === '/refused') {
      response.writeHead(429, { 'content-type': 'text/plain', 'retry-after': '3' }).end('too many')
      return
    }
    if (request.url === '/reset') {
      response.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
      return
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('{"half":', () => response.stream.close(constants.NGHTTP2_INTERNAL_ERROR))
  })
  const { client } = opened
  const failureOf = (path: string) => getJson(client, path).catch((error: unknown) => error)
  expect(await failureOf('/refused')).toMatchObject({ status: 429, retryAfterMs: 3000, retryable: true })
  for (const path of ['/reset', '/half']) {
    const failure = await failureOf(path)
    expect(failure).toBeInstanceOf(K8sApiError)
    expect(failure).toMatchObject({ status: 0, reason: 'NetworkError', retryable: true })
  }
})

it('connects anew after the server went away, and ends with the caller', async () => {
  await using opened = await open((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  const { client, sockets } = opened
  await getJson(client, '/a')
  for (const socket of sockets) socket.destroy()
  await expect.poll(() => getJson(client, '/b').catch(() => undefined)).toEqual({})
  expect(sockets.size).toBe(2)
  const signal = AbortSignal.abort(new Error('no more'))
  await expect(getJson(client, '/c', { signal })).rejects.toThrow('no more')
})
