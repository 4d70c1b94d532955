import { once } from 'node:events'
import { chmodSync, mkdirSync, unlinkSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { dirname } from 'node:path'
import { CodedError } from '@axoneme/lifecycle'

/**
 * Listens on a unix socket that only this user reaches. A socket that a dead process left is replaced.
 *
 * @throws CodedError SOCKET_IN_USE when somebody answers on it.
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  try {
    await listen(server, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') {
      throw new CodedError('SOCKET_LISTEN', `listen on ${path}`, { cause: error })
    }
    if (await isAnswered(path)) {
      throw new CodedError('SOCKET_IN_USE', `listen on ${path}: another process answers there`, {
        hint: 'is another agent running on this node?',
      })
    }
    unlinkSync(path)
    await listen(server, path)
  }
  chmodSync(path, 0o600)
}

async function listen(server: Server, path: string): Promise<void> {
  const listening = once(server, 'listening')
  server.listen(path)
  await listening
}

function isAnswered(path: string): Promise<boolean> {
  const socket = connect({ path })
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(true))
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false)
      else reject(new CodedError('SOCKET_LISTEN', `find out who owns ${path}`, { cause: error }))
    })
  }).finally(() => socket.destroy()) as Promise<boolean>
}
