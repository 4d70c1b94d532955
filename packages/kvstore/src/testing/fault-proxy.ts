import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A TCP relay on loopback that a test can cut. */
export type FaultProxy = AsyncDisposable & {
  readonly endpoint: string
  /** Breaks all connections and refuses new ones. */
  cut(): void
  restore(): void
  /** From now on everything takes this long in each direction. */
  setDelayMs(delayMs: number): void
  /** How many connections were made so far. */
  readonly connections: number
}

/** Relays from a random port of `host`, a loopback address, to `target` (a URL with host and port). */
export async function startFaultProxy(target: string, host = '127.0.0.1'): Promise<FaultProxy> {
  const { hostname, port, protocol } = new URL(target)
  const sockets = new Set<Socket>()
  let open = true
  let connections = 0
  let delayMs = 0
  const server = createServer((inside) => {
    if (!open) {
      inside.destroy()
      return
    }
    connections++
    const outside = connect(Number(port), hostname)
    for (const [socket, other] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      sockets.add(socket)
      // Each side's end, for whatever reason, is the other's.
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      relay(socket, other, () => delayMs)
    }
  }).listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const breakAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    endpoint: `${protocol}//${host}:${address.port}`,
    cut() {
      open = false
      breakAll()
    },
    restore() {
      open = true
    },
    setDelayMs(delay) {
      delayMs = delay
    },
    get connections() {
      return connections
    },
    async [Symbol.asyncDispose]() {
      server.close()
      breakAll()
      await once(server, 'close')
    },
  }
}

/** In order, also when the delay becomes shorter. */
function relay(from: Socket, to: Socket, delayMs: () => number): void {
  const waiting: { chunk: Buffer; dueMs: number }[] = []
  const pump = () => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const leftMs = next.dueMs - performance.now()
      if (leftMs > 0) return void setTimeout(pump, Math.ceil(leftMs))
      waiting.shift()
      if (to.write(next.chunk)) continue
      from.pause()
      to.once('drain', () => from.resume())
    }
  }
  from.on('data', (chunk: Buffer) => {
    waiting.push({ chunk, dueMs: performance.now() + delayMs() })
    if (waiting.length === 1) pump()
  })
}
