import { createServer } from 'node:http'
import { constants, createServer as createHttp2Server, Http2ServerResponse } from 'node:http2'
import type { Server, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { CodedError } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import type { HttpRequest, HttpResponse } from './http/exchange.ts'

/** A socket that listens already (it may belong to another network namespace), or where to listen. */
export type Listen = Readonly<{ fd: number }> | Readonly<{ host: string; port: number }>

export type Listener = AsyncDisposable &
  Readonly<{
    /** `http://host:port` as the socket is bound. */
    url: string
    port: number
  }>

/** Serves `handle` on a socket until it is disposed; open connections are cut then. */
export async function openListener(
  listen: Listen,
  { handle, http2 = false, log }: { handle: Handle; http2?: boolean; log: Logger },
): Promise<Listener> {
  const server: Server = http2
    ? createHttp2Server({ Http2ServerResponse: CuttableResponse }, handle)
    : createHttp1Server(handle, log)
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.once('close', () => sockets.delete(socket))
  })
  await started(server, listen)
  // From here on a failing socket is logged; it must not end the process.
  server.on('error', (error) => log.error('listener failed', { error }))
  const address = server.address()
  if (address === null || typeof address === 'string') {
    server.close()
    throw new CodedError('APISERVER_LISTEN', 'the apiserver listens on TCP sockets only', {
      hint: 'give the descriptor of a TCP socket or a host and a port',
    })
  }
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    url: `http://${host}:${address.port}`,
    port: address.port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** One whose end can be told from a cut: by itself a stream that is destroyed looks like one that has ended. */
class CuttableResponse extends Http2ServerResponse {
  override destroy(): this {
    this.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    return this
  }
}

type Handle = (request: HttpRequest, response: HttpResponse) => void

function createHttp1Server(handle: Handle, log: Logger): Server {
  const server = createServer({ keepAliveTimeout: 90_000 }, handle)
  server.on('upgrade', (_request, socket) => refuseUpgrade(socket))
  server.on('clientError', (error, socket) => {
    log.debug('malformed request', { error })
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n')
  })
  return server
}

function started(server: Server, listen: Listen): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('listening', resolve)
    server.once('error', (cause) => {
      const where = 'fd' in listen ? `descriptor ${listen.fd}` : `${listen.host}:${listen.port}`
      reject(
        new CodedError('APISERVER_LISTEN', `listen on ${where}`, {
          cause,
          hint: 'is the address free and local?',
        }),
      )
    })
    if ('fd' in listen) server.listen({ fd: listen.fd })
    else server.listen({ host: listen.host, port: listen.port })
  })
}

/** exec, attach and port-forward ask to change the protocol; they get the reason in the form that kubectl prints. */
function refuseUpgrade(socket: Duplex): void {
  const body = JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'exec, attach and port-forward are not supported: pods of the sandbox run no containers',
    reason: 'NotImplemented',
    code: 501,
  })
  socket.on('error', () => socket.destroy())
  socket.end(
    `HTTP/1.1 501 Not Implemented\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
