import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isTemporary } from './durable-file.ts'
import { readMetadata } from './entry.ts'
import { tryLockFile } from './file-lock.ts'
import { isTemplateHash, lockPath, metadataPath, usePath } from './layout.ts'
import { discard, isDiscarded, isPrivateDirectory } from './private-directory.ts'
import { modifiedMs } from './private-file.ts'

/** How much a cache may keep. What is in use is kept in any case. */
export type CacheBounds = Readonly<{ maxEntries: number; maxBytes: number }>

/** A configuration has three objects of about 100 KiB. */
export const defaultBounds: CacheBounds = { maxEntries: 32, maxBytes: 64 * 1024 * 1024 }

/** Nobody writes a file for so long: who began it was stopped. */
const writingMs = 3_600_000

type Candidate = Readonly<{ hash: string; bytes: number; lastUsedMs: number }>

/** Hashes of the entries that should go, the least recently used first, so that the rest is within the bounds. */
export function surplusEntries(
  entries: readonly Candidate[],
  { maxEntries, maxBytes }: CacheBounds,
): string[] {
  const newestFirst = entries.toSorted((a, b) => b.lastUsedMs - a.lastUsedMs)
  let bytes = 0
  const kept = newestFirst.findIndex((entry, index) => {
    bytes += entry.bytes
    return index >= maxEntries || bytes > maxBytes
  })
  return kept === -1
    ? []
    : newestFirst
        .slice(kept)
        .map(({ hash }) => hash)
        .reverse()
}

/** Removes what is too much. An entry that any process uses, compiles or waits for stays. */
export async function sweepCache(
  cacheDir: string,
  { bounds, nowMs }: { bounds: CacheBounds; nowMs: number },
): Promise<void> {
  const names = await readdir(cacheDir)
  for (const name of names) {
    const path = join(cacheDir, name)
    const isLeftOver = isTemporary(name) && nowMs - ((await modifiedMs(path)) ?? nowMs) > writingMs
    if (isLeftOver || isDiscarded(name)) await rm(path, { recursive: true, force: true })
  }
  const entries = await Promise.all(names.filter(isTemplateHash).map((hash) => candidate(cacheDir, hash)))
  for (const hash of surplusEntries(entries, bounds)) await removeUnused(join(cacheDir, hash))
}

async function candidate(cacheDir: string, hash: string): Promise<Candidate> {
  const directory = join(cacheDir, hash)
  const metadata = await readMetadata(directory)
  return {
    hash,
    bytes: metadata.kind === 'whole' ? metadata.value.bytes : 0,
    lastUsedMs: (await modifiedMs(metadataPath(directory))) ?? (await modifiedMs(directory)) ?? 0,
  }
}

async function removeUnused(directory: string): Promise<void> {
  // Nobody can hold locks in what is no directory of ours.
  if (!(await isPrivateDirectory(directory))) return discard(directory)
  await using lock = await tryLockFile(lockPath(directory), 'exclusive')
  if (lock === undefined) return
  await using unused = await tryLockFile(usePath(directory), 'exclusive')
  if (unused !== undefined) await discard(directory)
}
