import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

/** The other end of the guest's output port: a unix socket that QEMU connects to, once. */
export type GuestOutput = AsyncDisposable &
  Readonly<{
    /** Resolves when all that the guest wrote was handed over, after QEMU has ended. */
    ended(): Promise<void>
  }>

/** Hands over each line without its end. */
export async function listenForOutput(path: string, onLine: (line: string) => void): Promise<GuestOutput> {
  let connection: Socket | undefined
  let drained: Promise<unknown> = Promise.resolve()
  const server = createServer((socket) => {
    connection = socket
    // A killed QEMU resets it; what came before has been read.
    socket.on('error', () => {})
    const lines = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })
    lines.on('line', onLine)
    drained = once(lines, 'close')
    server.close()
  })
  server.listen(path)
  await once(server, 'listening')
  return {
    ended: async () => void (await drained),
    [Symbol.asyncDispose]: async () => {
      connection?.destroy()
      server.close()
    },
  }
}
