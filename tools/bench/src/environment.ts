import { execFile } from 'node:child_process'
import { cpus, release } from 'node:os'
import { promisify } from 'node:util'

/** Where and of what a result is. `null`: not known here. */
export type Environment = Readonly<{
  cpu: string
  cores: number
  kernel: string
  node: string
  clang: string | null
  date: string
  /** With `-dirty` behind it when the sources are not those of the commit. */
  commit: string | null
}>

export async function readEnvironment({ now }: { now: Date }): Promise<Environment> {
  const processors = cpus()
  const [clang, commit] = await Promise.all([
    firstLine('clang', ['--version']),
    firstLine('git', ['describe', '--always', '--dirty', '--exclude=*', '--abbrev=12']),
  ])
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    kernel: release(),
    node: process.version,
    clang,
    date: now.toISOString(),
    commit,
  }
}

/** Null when the program is not there or fails: a result without it is worth less, but not nothing. */
async function firstLine(program: string, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { cwd: import.meta.dirname })
    return stdout.split('\n')[0] ?? null
  } catch {
    return null
  }
}
