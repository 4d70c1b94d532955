import { constants } from 'node:fs'
import { type FileHandle, open, rm, stat } from 'node:fs/promises'
import { retryDelays, sharedIntervals } from '@axoneme/backoff'
import { EAGAIN, SyscallError, syscall } from '@axoneme/syscalls'
import { hasCode } from './private-file.ts'

/** sys/file.h */
const operations = { shared: 1, exclusive: 2 } as const
const LOCK_NB = 4
const openFlags = constants.O_RDONLY | constants.O_CREAT | constants.O_NOFOLLOW

type LockMode = keyof typeof operations

/**
 * Waits until this is the only holder of the lock on `path`, in this process and among all others. The kernel gives
 * the lock back when the holder dies. Undefined when the path's directory is not there, or was replaced meanwhile.
 */
export async function lockFile(
  path: string,
  { signal }: { signal: AbortSignal },
): Promise<AsyncDisposable | undefined> {
  const file = await openLockFile(path)
  if (file === undefined) return undefined
  try {
    for await (const _ of retryDelays({ ...sharedIntervals.templateLock.retry, signal })) {
      if (tryLock(file, path, 'exclusive')) break
    }
  } catch (error) {
    await file.close()
    throw error
  }
  return held(file, path)
}

/** The same without waiting: undefined also when others hold the lock so that this is not possible. */
export async function tryLockFile(path: string, mode: LockMode): Promise<AsyncDisposable | undefined> {
  const file = await openLockFile(path)
  if (file === undefined) return undefined
  if (tryLock(file, path, mode)) return held(file, path)
  await file.close()
  return undefined
}

async function openLockFile(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, openFlags, 0o600)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    // A file system that is only readable: what is there can still be locked.
    if (hasCode(error, 'EROFS')) return open(path, openFlags & ~constants.O_CREAT)
    if (!hasCode(error, 'ELOOP', 'EISDIR')) throw error
    // Nobody of ours can hold such a thing.
    await rm(path, { recursive: true, force: true })
    return openLockFile(path)
  }
}

function tryLock(file: FileHandle, path: string, mode: LockMode): boolean {
  const result = syscall('flock', file.fd, operations[mode] | LOCK_NB)
  if (result >= 0) return true
  if (result === -EAGAIN) return false
  throw new SyscallError('flock', path, -result)
}

/** A lock on a file that the path does not name any more excludes nobody. */
async function held(file: FileHandle, path: string): Promise<AsyncDisposable | undefined> {
  if (await isAt(file, path)) return { [Symbol.asyncDispose]: () => file.close() }
  await file.close()
  return undefined
}

async function isAt(file: FileHandle, path: string): Promise<boolean> {
  try {
    const [own, named] = await Promise.all([file.stat(), stat(path)])
    return own.ino === named.ino && own.dev === named.dev
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}
