import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, Socket } from 'node:net'
import { constants } from 'node:os'
import { SyscallError } from './errors.ts'
import { bindUdp, listenTcp, type SocketAddress, unconnectedTcp } from './sockets.ts'

export type ConnectOptions = SocketAddress & {
  /** The local end; chosen by the kernel when absent. */
  local?: { address: string; port: number }
  timeoutMs: number
  signal?: AbortSignal | undefined
}

/**
 * A connected TCP socket of a namespace. The namespace may go away afterwards, the socket keeps it alive.
 *
 * @throws SyscallError with code ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ... as the network said, ETIMEDOUT after
 * `timeoutMs`; the signal's reason when it aborts.
 */
export function connectInNetns({ timeoutMs, signal, ...at }: ConnectOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const socket = new Socket({ fd: unconnectedTcp(at) })
    const settle = (outcome: () => void) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      socket.off('error', onError).off('connect', onConnect)
      outcome()
    }
    const fail = (error: unknown) =>
      settle(() => {
        // Node may report the cancelled connect after we stopped caring.
        socket.on('error', () => {}).destroy()
        reject(error)
      })
    const object = `${at.address} port ${at.port}`
    const onAbort = () => fail(signal?.reason)
    const onConnect = () => settle(() => resolve(socket))
    const onError = (cause: NodeJS.ErrnoException) =>
      fail(new SyscallError('connect', object, Math.abs(cause.errno ?? constants.errno.EIO), { cause }))
    const timer = setTimeout(
      () => fail(new SyscallError('connect', object, constants.errno.ETIMEDOUT, { retryable: true })),
      timeoutMs,
    )
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.once('error', onError).once('connect', onConnect)
    socket.connect({ host: at.address, port: at.port })
  })
}

/** A TCP server of a namespace, listening when the promise resolves. `port` 0 lets the kernel choose. */
export async function serveTcpInNetns(
  at: SocketAddress & { backlog?: number },
  onConnection: (socket: Socket) => void,
): Promise<Server> {
  const fd = listenTcp(at)
  const server = createServer(onConnection)
  const listening = once(server, 'listening')
  server.listen({ fd })
  await listening
  return server
}

/** A bound UDP socket of a namespace. */
export async function bindUdpInNetns(at: SocketAddress): Promise<UdpSocket> {
  const fd = bindUdp(at)
  const socket = createSocket(at.address.includes(':') ? 'udp6' : 'udp4')
  // bind({ fd }) emits before it returns.
  const listening = once(socket, 'listening')
  socket.bind({ fd })
  await listening
  return socket
}
