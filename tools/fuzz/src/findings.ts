import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Finding } from './run/fuzz-loop.ts'

/** Writes the input (`NAME.bin`) and what it is about (`NAME.json`); returns the path of the input. */
export async function writeFinding(
  { key, message, input, execution }: Finding,
  { directory, target, seed }: { directory: string; target: string; seed: number },
): Promise<string> {
  await mkdir(directory, { recursive: true })
  const name = `${target}-${createHash('sha256').update(key).digest('hex').slice(0, 12)}`
  const path = join(directory, `${name}.bin`)
  await writeFile(path, input)
  const about = { target, seed, execution, key, message, bytes: input.length }
  await writeFile(join(directory, `${name}.json`), `${JSON.stringify(about, null, 2)}\n`)
  return path
}
