import { execFile } from 'node:child_process'
import { arch } from 'node:process'
import { promisify } from 'node:util'
import { isAbort } from '@axoneme/lifecycle'
import { CompileError } from './errors.ts'

const run = promisify(execFile)
const maxOutputBytes = 4 * 1024 * 1024
const shownLines = 20
/** A compilation takes about a second; a machine that is emulated is some fifty times slower. */
const compileTimeoutMs = 300_000
export const maxVersionLength = 2048
const versionTimeoutMs = 30_000

/** Debian keeps <asm/types.h> below the name of the architecture. */
const headerDir = `/usr/include/${arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`

const flags = [
  '-O2',
  '-g',
  '-target',
  'bpf',
  '-mcpu=v3',
  '-std=gnu11',
  '-Wall',
  '-Wextra',
  '-Werror',
  `-I${headerDir}`,
  // Equal sources give equal objects wherever they lie.
  '-fdebug-compilation-dir=.',
]

/** clang's own words on what it is, at most `maxVersionLength` of them. Throws CompileError when it cannot be run. */
export async function clangVersion(clang: string, { signal }: { signal: AbortSignal }): Promise<string> {
  const { stdout } = await runClang(clang, ['--version'], {
    signal,
    timeoutMs: versionTimeoutMs,
    what: `run ${clang} --version`,
  })
  return stdout.slice(0, maxVersionLength)
}

/** The arguments that make an object out of a C file of the source directory. */
export function clangArguments({ defines }: { defines: readonly string[] }): string[] {
  return [...flags, ...defines]
}

/** Throws CompileError with clang's last lines. */
export async function compileFile({
  clang,
  args,
  sourceDir,
  file,
  output,
  signal,
}: {
  clang: string
  args: readonly string[]
  sourceDir: string
  file: string
  output: string
  signal: AbortSignal
}): Promise<void> {
  await runClang(clang, [...args, '-c', file, '-o', output], {
    signal,
    timeoutMs: compileTimeoutMs,
    cwd: sourceDir,
    what: `compile ${file} with ${clang}`,
  })
}

async function runClang(
  clang: string,
  args: readonly string[],
  { what, timeoutMs, ...options }: { what: string; timeoutMs: number; cwd?: string; signal: AbortSignal },
): Promise<{ stdout: string }> {
  const { signal } = options
  try {
    return await run(clang, args, {
      ...options,
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: maxOutputBytes,
    })
  } catch (error) {
    signal.throwIfAborted()
    if (isAbort(error, signal)) throw error
    throw compileFailure(what, error)
  }
}

function compileFailure(what: string, cause: unknown): CompileError {
  const { code, stderr = '', signal } = cause as { code?: unknown; stderr?: string; signal?: string | null }
  if (code === 'ENOENT') {
    return new CompileError(what, { cause, hint: 'install clang 14 or newer, or name another by its path' })
  }
  if (typeof signal === 'string') {
    const hint = 'it took too long, or the machine has too little memory'
    return new CompileError(`${what}: killed by ${signal}`, { cause, hint })
  }
  const lines = stderr.trimEnd().split('\n').slice(-shownLines).join('\n')
  return new CompileError(lines === '' ? what : `${what}:\n${lines}`, { cause })
}
