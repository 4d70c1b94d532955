import { open } from 'node:fs/promises'
import { retryDelays } from '@axoneme/backoff'
import { EAGAIN, SyscallError, syscall } from '@axoneme/syscalls'

/** sys/file.h */
const LOCK_EX = 2
const LOCK_NB = 4

/**
 * Waits until this is the only holder of the lock on `path`, in this process and among all others. The kernel gives
 * the lock back when the holder dies. The file stays: removing it would let two hold "the" lock.
 */
export async function lockFile(path: string, { signal }: { signal: AbortSignal }): Promise<AsyncDisposable> {
  const file = await open(path, 'a', 0o600)
  try {
    for await (const _ of retryDelays({ minMs: 10, maxMs: 250, signal })) {
      const result = syscall('flock', file.fd, LOCK_EX | LOCK_NB)
      if (result >= 0) return { [Symbol.asyncDispose]: () => file.close() }
      if (result !== -EAGAIN) throw new SyscallError('flock', path, -result)
    }
    throw new Error('retryDelays without maxAttempts ended')
  } catch (error) {
    await file.close()
    throw error
  }
}
