import type { Server, Socket } from 'node:net'
import { bindUdpInNetns, serveTcpInNetns } from '@axoneme/syscalls'
import type { ServedPort } from './ports.ts'

export type PodServers = AsyncDisposable & {
  /** Opens and closes servers until exactly `ports` are served; throws when one cannot be opened. */
  serve(ports: readonly ServedPort[]): Promise<void>
}

const maxLineBytes = 8 * 1024
const httpRequest = /^[A-Z]+ \S+ HTTP\/1\.[01]\r?$/

/** What the pod `name` (`namespace/pod`) answers to a line that came in at `port`. */
function answerLine(name: string, port: number, line: string): string {
  return `${name} ${port} ${line}\n`
}

/**
 * The servers in the network namespace of a pod, the stand-in for its containers. TCP: each line is answered by
 * `answerLine` and the connection stays open; an HTTP/1 request is answered with 200 and the pod's name. UDP: each
 * datagram is answered like a line.
 */
export function createPodServers({ netns, name }: { netns: string; name: string }): PodServers {
  const open = new Map<string, AsyncDisposable>()
  const keyOf = ({ protocol, port }: ServedPort) => `${protocol}/${port}`
  return {
    async serve(ports) {
      const wanted = new Set(ports.map(keyOf))
      for (const [key, server] of open) {
        if (wanted.has(key)) continue
        open.delete(key)
        await server[Symbol.asyncDispose]()
      }
      for (const at of ports) {
        if (open.has(keyOf(at))) continue
        const serve = at.protocol === 'TCP' ? serveTcp : serveUdp
        open.set(keyOf(at), await serve({ netns, name, port: at.port }))
      }
    },
    async [Symbol.asyncDispose]() {
      const servers = [...open.values()]
      open.clear()
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))
    },
  }
}

type At = Readonly<{ netns: string; name: string; port: number }>

async function serveTcp({ netns, name, port }: At): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>()
  const server: Server = await serveTcpInNetns({ netns, address: '0.0.0.0', port }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // A client that resets its connection is no concern of the server.
    socket.on('error', () => socket.destroy())
    talk(socket, { name, port })
  })
  return {
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function talk(socket: Socket, { name, port }: { name: string; port: number }): void {
  let pending = ''
  let http = false
  socket.setEncoding('utf8').on('data', (text: string) => {
    pending += text
    for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
      const line = pending.slice(0, end)
      pending = pending.slice(end + 1)
      if (http || httpRequest.test(line)) {
        http = true
        // The empty line ends the request's head; its body, if any, is not read.
        if (line === '' || line === '\r') return answerHttp(socket, name)
      } else {
        socket.write(answerLine(name, port, line.replace(/\r$/, '')))
      }
    }
    if (pending.length > maxLineBytes) socket.destroy()
  })
}

function answerHttp(socket: Socket, name: string): void {
  const body = `${name}\n`
  socket.removeAllListeners('data').resume()
  socket.end(
    `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

async function serveUdp({ netns, name, port }: At): Promise<AsyncDisposable> {
  const socket = await bindUdpInNetns({ netns, address: '0.0.0.0', port })
  socket.on('message', (message, from) => {
    const line = message
      .subarray(0, maxLineBytes)
      .toString('utf8')
      .replace(/\r?\n$/, '')
    // A reply that cannot be sent is a lost datagram, which UDP allows.
    socket.send(answerLine(name, port, line), from.port, from.address, () => {})
  })
  return { [Symbol.asyncDispose]: () => new Promise<void>((resolve) => socket.close(() => resolve())) }
}
