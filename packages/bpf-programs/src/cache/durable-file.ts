import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hasCode } from './private-file.ts'

const temporaryMark = '.tmp-'

/** After a power cut the path has these bytes or what it had before. */
export async function writeDurably(path: string, bytes: string | Buffer): Promise<void> {
  const temporary = temporaryPath(path)
  try {
    await using file = await open(temporary, 'wx', 0o600)
    await file.writeFile(bytes)
    await file.sync()
    await replace(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
  await syncDirectory(dirname(path))
}

/** A name beside the path that nobody else uses. */
export function temporaryPath(path: string): string {
  return `${path}${temporaryMark}${randomUUID()}`
}

export function isTemporary(name: string): boolean {
  return name.includes(temporaryMark)
}

/** Renames over whatever is there; a directory in the way goes. */
export async function replace(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (!hasCode(error, 'EISDIR', 'ENOTEMPTY', 'EEXIST')) throw error
    await rm(to, { recursive: true, force: true })
    await rename(from, to)
  }
}

export async function syncFile(path: string): Promise<void> {
  await using file = await open(path, 'r+')
  await file.sync()
}

export async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  await directory.sync()
}
