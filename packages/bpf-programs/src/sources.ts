import { createHash, type Hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where the C files of this package are: beside the code in a bundle, which copies them, or in the package. */
export const defaultSourceDir = existsSync(join(import.meta.dirname, 'c', 'lxc.c'))
  ? join(import.meta.dirname, 'c')
  : join(import.meta.dirname, '..', 'c')

/** A hash over names and contents of all C files: any change makes every object new. */
export async function hashSources(sourceDir: string): Promise<Hash> {
  const files = await Array.fromAsync(glob('**/*.{c,h}', { cwd: sourceDir }))
  const hash = createHash('sha256')
  for (const file of files.sort()) {
    const bytes = await readFile(join(sourceDir, file))
    hash.update(`${file}\0${bytes.length}\0`).update(bytes)
  }
  return hash
}
