import { connect, type Server, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import type { Logger } from '@axoneme/log'
import { type SocketAddress, serveTcpInNetns } from '@axoneme/syscalls'

export type Relay = AsyncDisposable

/** Accepts TCP at `from` (perhaps in another network namespace) and connects each through to `to` from here. */
export async function startRelay(
  from: SocketAddress,
  to: Readonly<{ host: string; port: number }>,
  { log }: { log: Logger },
): Promise<Relay> {
  const open = new Set<Socket>()
  const server: Server = await serveTcpInNetns(from, (near) => {
    const far = connect({ ...to, noDelay: true })
    near.setNoDelay(true)
    for (const socket of [near, far]) {
      open.add(socket)
      socket.once('close', () => open.delete(socket))
    }
    Promise.all([pipeline(near, far), pipeline(far, near)]).catch((error: unknown) => {
      // One side's reset is the other's: that is how a cut shows to a client.
      log.debug('relayed connection ended', { error })
      near.destroy()
      far.destroy()
    })
  })
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}
