import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { compileFile } from '../clang.ts'
import type { Compiler } from '../compiler.ts'
import { CompileError } from '../errors.ts'
import type { Recipe } from '../recipe.ts'
import { isTemporary, temporaryPath } from './durable-file.ts'
import { type CachedTemplate, NoObjectError, readEntry, writeEntry } from './entry.ts'
import {
  type CompileFailure,
  failureAfter,
  failureFor,
  forgetFailure,
  type RetryBackoff,
  readFailure,
  waitMs,
  writeFailure,
} from './failure.ts'
import { lockFile, tryLockFile } from './file-lock.ts'
import { lockPath, objectPath, usePath } from './layout.ts'
import { ensurePrivateDirectory } from './private-directory.ts'

/** `lease` keeps the entry from being swept until it is disposed. `compiled` by this call, rather than before. */
type EnsuredTemplate = Readonly<{
  template: CachedTemplate
  lease: AsyncDisposable | undefined
  compiled: boolean
}>

type CompileJob = Readonly<{
  /** Of the entry. */
  directory: string
  recipe: Recipe
  compiler: Compiler
  backoff: RetryBackoff
  now: () => number
  signal: AbortSignal
}>

/**
 * Makes the entry whole, one process at a time. Who had to wait gets what the one before him made, or his failure: the
 * compiler does not run again for it before its backoff is over. Throws CompileError.
 */
export async function compileEntry(job: CompileJob): Promise<EnsuredTemplate> {
  const { directory, backoff, now } = job
  const askedAtMs = now()
  await using _lock = await lockEntry(directory, job.signal)
  const lease = () => tryLockFile(usePath(directory), 'shared')
  const found = await readEntry(directory, { recipe: job.recipe.digest })
  if (found.kind === 'whole') return { template: found.value, lease: await lease(), compiled: false }
  const failure = await readFailure(directory)
  const refusal = failureFor({ failure, askedAtMs }, { nowMs: now(), backoff })
  if (refusal !== undefined) throw refusal
  try {
    const template = await compile(job)
    await forgetFailure(directory)
    return { template, lease: await lease(), compiled: true }
  } catch (error) {
    if (!(error instanceof CompileError)) throw error
    throw await remembering(job, { error, before: failure })
  }
}

/** Directories are removed while nobody holds their lock: then there is a new one to make and to lock. */
async function lockEntry(directory: string, signal: AbortSignal): Promise<AsyncDisposable> {
  for (;;) {
    await ensurePrivateDirectory(directory)
    const lock = await lockFile(lockPath(directory), { signal })
    if (lock !== undefined) return lock
  }
}

async function compile({ directory, recipe, compiler, signal, now }: CompileJob): Promise<CachedTemplate> {
  await removeLeftOvers(directory)
  const output = temporaryPath(objectPath(directory))
  const startedMs = performance.now()
  try {
    await compileFile({ ...recipe, clang: compiler.path, output, signal })
    return await writeEntry(directory, {
      compiled: output,
      program: recipe.program,
      config: { ...recipe.config },
      recipe: recipe.digest,
      compiler: compiler.version,
      compileMs: Math.round(performance.now() - startedMs),
      createdAt: new Date(now()).toISOString(),
    })
  } catch (error) {
    if (!(error instanceof NoObjectError)) throw error
    throw new CompileError(`compile ${recipe.file} with ${compiler.path}`, { cause: error })
  } finally {
    await rm(output, { recursive: true, force: true })
  }
}

/** Of a process that was stopped while it held the lock. */
async function removeLeftOvers(directory: string): Promise<void> {
  for (const name of (await readdir(directory)).filter(isTemporary)) {
    await rm(join(directory, name), { recursive: true, force: true })
  }
}

/** The failure as the next ones will find it, with the time until a next attempt. */
async function remembering(
  { directory, backoff, now }: CompileJob,
  { error, before }: { error: CompileError; before: CompileFailure | undefined },
): Promise<CompileError> {
  const failure = failureAfter(before, error, { nowMs: now(), backoff })
  const retryAfterMs = waitMs(failure, { nowMs: failure.failedAtMs, backoff })
  const { message, hint } = error
  try {
    await writeFailure(directory, failure)
    return new CompileError(message, { cause: error.cause, hint, retryAfterMs })
  } catch (writeError) {
    const cause = new AggregateError([error.cause, writeError], 'and the failure could not be written down')
    return new CompileError(message, { cause, hint, retryAfterMs })
  }
}
