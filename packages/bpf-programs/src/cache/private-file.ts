import { constants, type Stats } from 'node:fs'
import { open, stat } from 'node:fs/promises'

/** `unusable`: something is there that nobody of ours wrote, or that is not as it was written. */
type PrivateFile =
  | Readonly<{ kind: 'bytes'; bytes: Buffer }>
  | Readonly<{ kind: 'absent' }>
  | Readonly<{ kind: 'unusable'; reason: string }>

const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const writableByOthers = 0o022
/** What is in the way of reading a path, rather than a failure of the machine. */
const obstacles = ['ELOOP', 'ENXIO', 'EACCES', 'EPERM', 'ENOTDIR', 'EISDIR', 'EIO']

/**
 * The bytes of a regular file that only this user or root can have written. Never follows a link, never waits for a
 * pipe, never reads more than `maxBytes`.
 */
export async function readPrivateFile(path: string, maxBytes: number): Promise<PrivateFile> {
  try {
    await using file = await open(path, readFlags)
    const status = await file.stat()
    const reason = status.isFile() ? complaintAbout(status) : 'is no regular file'
    if (reason !== undefined) return { kind: 'unusable', reason: `${path} ${reason}` }
    if (status.size > maxBytes) {
      return { kind: 'unusable', reason: `${path} has ${status.size} bytes, more than ${maxBytes}` }
    }
    const bytes = Buffer.alloc(status.size)
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
    return { kind: 'bytes', bytes: bytes.subarray(0, bytesRead) }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return { kind: 'absent' }
    if (hasCode(error, ...obstacles))
      return { kind: 'unusable', reason: `${path} cannot be read: ${error.code}` }
    throw error
  }
}

/** Undefined when there is nothing. */
export async function modifiedMs(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined
    throw error
  }
}

/** What is wrong with the owner or mode of a file or directory that only this user or root may write. */
export function complaintAbout({ uid, mode }: Stats): string | undefined {
  const own = process.getuid?.()
  if (uid !== 0 && uid !== own) return `belongs to user ${uid}`
  return (mode & writableByOthers) === 0
    ? undefined
    : `can be written by others (mode ${(mode & 0o7777).toString(8)})`
}

export function hasCode(error: unknown, ...codes: readonly string[]): error is Error & { code: string } {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
  )
}
