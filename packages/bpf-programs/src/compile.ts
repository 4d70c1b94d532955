import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { clangArguments, clangVersion, compileFile } from './clang.ts'
import { compileTimeDefines, type DatapathConfig, type DatapathProgram } from './config.ts'
import { lockFile } from './file-lock.ts'
import { defaultSourceDir, hashSources } from './sources.ts'

/** `compiled` is false when the object was in the cache. `hash` names sources, compiler, flags and configuration. */
export type CompiledObject = Readonly<{ path: string; hash: string; compiled: boolean }>

/** One finished call. */
export type CompileEvent = Readonly<{
  program: DatapathProgram
  hash: string
  outcome: 'compiled' | 'cached' | 'failed'
  durationMs: number
}>

export type CompileOptions = Readonly<{
  program: DatapathProgram
  config: DatapathConfig
  /** Holds a directory per hash. May be shared by any number of processes. */
  cacheDir: string
  /** Name or path of the compiler. */
  clang?: string | undefined
  sourceDir?: string | undefined
  signal: AbortSignal
  observe?: ((event: CompileEvent) => void) | undefined
}>

/**
 * The compiled object of a program, from the cache when what is there is whole. Each object is compiled once, however
 * many callers and processes ask at the same time; a failure is the caller's alone and is not remembered. Throws
 * CompileError (retryable) with clang's last lines.
 */
export async function compileObject(options: CompileOptions): Promise<CompiledObject> {
  const { program, observe } = options
  const startedMs = performance.now()
  let hash = ''
  const report = (outcome: CompileEvent['outcome']) =>
    observe?.({ program, hash, outcome, durationMs: performance.now() - startedMs })
  try {
    const plan = await planCompilation(options)
    hash = plan.hash
    const compiled = await ensureObject(plan, options.signal)
    report(compiled ? 'compiled' : 'cached')
    return { path: plan.path, hash, compiled }
  } catch (error) {
    report('failed')
    throw error
  }
}

type Compilation = Readonly<{
  clang: string
  args: readonly string[]
  sourceDir: string
  file: string
  hash: string
  path: string
}>

async function planCompilation({
  program,
  config,
  cacheDir,
  clang = 'clang',
  sourceDir = defaultSourceDir,
  signal,
}: CompileOptions): Promise<Compilation> {
  const args = clangArguments({ defines: compileTimeDefines(config) })
  const [sources, version] = await Promise.all([hashSources(sourceDir), clangVersion(clang, { signal })])
  const hash = sources
    .update(JSON.stringify([version, args, program]))
    .digest('hex')
    .slice(0, 32)
  const path = join(cacheDir, hash, `${program}.o`)
  return { clang, args, sourceDir, file: `${program}.c`, hash, path }
}

/** Whether the object had to be compiled. */
async function ensureObject(plan: Compilation, signal: AbortSignal): Promise<boolean> {
  if (await isWhole(plan.path)) return false
  await mkdir(dirname(plan.path), { recursive: true, mode: 0o700 })
  await using _lock = await lockFile(join(dirname(plan.path), 'lock'), { signal })
  // Who held the lock before has compiled it, or failed: then it is our turn to try.
  if (await isWhole(plan.path)) return false
  await writeObject(plan, signal)
  return true
}

/** The object appears under its name with its checksum, or not at all. */
async function writeObject(plan: Compilation, signal: AbortSignal): Promise<void> {
  const temporary = `${plan.path}.${randomUUID()}`
  try {
    await compileFile({ ...plan, output: temporary, signal })
    const checksum = sha256(await readFile(temporary))
    await writeFile(`${temporary}.sum`, checksum)
    await rename(temporary, plan.path)
    await rename(`${temporary}.sum`, checksumPath(plan.path))
  } finally {
    await rm(temporary, { force: true })
    await rm(`${temporary}.sum`, { force: true })
  }
}

async function isWhole(path: string): Promise<boolean> {
  try {
    const [object, checksum] = await Promise.all([readFile(path), readFile(checksumPath(path), 'utf8')])
    return sha256(object) === checksum
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

function checksumPath(path: string): string {
  return `${path}.sha256`
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
