import { randomUUID } from 'node:crypto'
import { lstat, mkdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { TemplateCacheError } from '../errors.ts'
import { syncDirectory } from './durable-file.ts'
import { complaintAbout, hasCode } from './private-file.ts'

const discardedMark = '.discarded-'

/** Makes the directory. Throws TemplateCacheError when others could write into the one that is there. */
export async function openPrivateRoot(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    const status = await stat(path)
    const reason = complaintAbout(status)
    if (reason === undefined) return
    throw new TemplateCacheError(`use ${path} for templates: it ${reason}`, {
      hint: `what is in it would run in the kernel: make it the agent's own with mode 0700`,
    })
  } catch (error) {
    if (!hasCode(error, 'EEXIST', 'ENOTDIR', 'EACCES')) throw error
    throw new TemplateCacheError(`make directory ${path} for templates`, {
      cause: error,
      hint: 'the option template-dir names a directory that the agent can make and write',
    })
  }
}

/** The same for a directory inside of such a one; whatever else has its name goes. */
export async function ensurePrivateDirectory(path: string): Promise<void> {
  for (;;) {
    try {
      await mkdir(path, { mode: 0o700 })
      await syncDirectory(dirname(path))
      return
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
    }
    if (await isPrivateDirectory(path)) return
    await discard(path)
  }
}

/** Whether there is a directory, and no link to one, that only this user or root can have written to. */
export async function isPrivateDirectory(path: string): Promise<boolean> {
  try {
    const status = await lstat(path)
    return status.isDirectory() && complaintAbout(status) === undefined
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

/** Removes the path with all that is in it: at once for everybody else, who can never see a part of it. */
export async function discard(path: string): Promise<void> {
  const aside = join(dirname(path), `${discardedMark}${basename(path)}-${randomUUID()}`)
  try {
    await rename(path, aside)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return
    throw error
  }
  await rm(aside, { recursive: true, force: true })
}

/** Left behind by a process that ended while it discarded. */
export function isDiscarded(name: string): boolean {
  return name.startsWith(discardedMark)
}
