import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { z } from 'zod'

const recordSchema = z.object({ files: z.array(z.string()), sha256: z.string() })

const recordPath = (dist: string) => join(dist, 'sources.json')

/** Writes down of which files the bundle is made, and what was in them. Comes last: without it there is no bundle. */
export async function recordSources(dist: string, sources: readonly string[]): Promise<void> {
  const files = sources.map((source) => relative(dist, source))
  const record = { files, sha256: hashFiles(dist, files) }
  const path = recordPath(dist)
  await writeFile(`${path}.new`, `${JSON.stringify(record, null, 1)}\n`)
  await rename(`${path}.new`, path)
}

/** Whether the directory holds a whole bundle, made of the files of ours as they are now. */
export function isCurrent(dist: string): boolean {
  try {
    const { files, sha256 } = recordSchema.parse(JSON.parse(readFileSync(recordPath(dist), 'utf8')))
    return hashFiles(dist, files) === sha256
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

function hashFiles(dist: string, files: readonly string[]): string {
  const hash = createHash('sha256')
  for (const file of files) {
    const bytes = readFileSync(resolve(dist, file))
    hash.update(`${file}\0${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex')
}
