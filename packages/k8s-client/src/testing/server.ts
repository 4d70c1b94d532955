import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'

export type ReceivedRequest = Readonly<{
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: string
}>

/** A real HTTP server on loopback that answers as `handle` says. */
export type TestServer = AsyncDisposable & {
  readonly url: string
  readonly received: ReceivedRequest[]
}

export async function startTestServer(
  handle: (request: ReceivedRequest, response: ServerResponse) => void | Promise<void>,
  tls?: ServerOptions,
): Promise<TestServer> {
  const received: ReceivedRequest[] = []
  const onRequest = async (incoming: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk)
    const url = new URL(incoming.url ?? '/', 'http://test')
    const request = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString(),
    }
    received.push(request)
    await handle(request, response)
  }
  const listener = (incoming: IncomingMessage, response: ServerResponse) => {
    // A request that was aborted by the test ends here; there is nobody to answer.
    onRequest(incoming, response).catch(() => response.destroy())
  }
  const server: Server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export function respond(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

/** A meta/v1 Status as an apiserver sends it. */
export function failure(code: number, reason: string, message = reason) {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message }
}
