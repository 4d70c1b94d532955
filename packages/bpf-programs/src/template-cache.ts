import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, describeError } from '@axoneme/lifecycle'
import { compileEntry } from './cache/compile-entry.ts'
import {
  type CachedTemplate,
  readEntry,
  readMetadata,
  type TemplateMetadata,
  touchEntry,
} from './cache/entry.ts'
import { defaultBackoff, type RetryBackoff } from './cache/failure.ts'
import { tryLockFile } from './cache/file-lock.ts'
import { compilersPath, isTemplateHash, metadataPath, usePath } from './cache/layout.ts'
import { isPrivateDirectory, openPrivateRoot } from './cache/private-directory.ts'
import { modifiedMs } from './cache/private-file.ts'
import { SingleFlight } from './cache/single-flight.ts'
import { type CacheBounds, defaultBounds, sweepCache } from './cache/sweep.ts'
import { type Compiler, identifyCompiler } from './compiler.ts'
import type { DatapathConfig, DatapathProgram } from './config.ts'
import { CompileError, TemplateCacheError } from './errors.ts'
import { type Recipe, readRecipe, templateHash } from './recipe.ts'
import { defaultSourceDir } from './sources.ts'

/** An object and what it is. `compiled` is false when somebody else, or an earlier run, had compiled it. */
export type CompiledObject = CachedTemplate & Readonly<{ hash: string; compiled: boolean }>

/** One finished call. */
export type CompileEvent = Readonly<{
  program: DatapathProgram
  /** Empty when it is not known. */
  hash: string
  /** `failed-before`: another caller's compilation failed, or an earlier one whose backoff is not over. */
  outcome: 'compiled' | 'cached' | 'failed' | 'failed-before'
  durationMs: number
  /** What was not as it should be, although there is an object: a damaged entry, a compiler that does not run. */
  problem?: string
}>

export type TemplateCacheOptions = Readonly<{
  /** Holds a directory per hash. May be shared by any number of processes. Nobody else may write to it. */
  cacheDir: string
  /** Name or path of the compiler. */
  clang?: string | undefined
  /** Where a compiler without a path is looked for; $PATH by default. */
  searchPath?: string | undefined
  sourceDir?: string | undefined
  bounds?: CacheBounds | undefined
  backoff?: RetryBackoff | undefined
  /** Milliseconds since the epoch. */
  now?: (() => number) | undefined
  observe?: ((event: CompileEvent) => void) | undefined
}>

export type CacheEntry = Readonly<{ hash: string; metadata: TemplateMetadata; lastUsedMs: number }>

/** Compiled objects on disk. Disposing stops what compiles and lets others sweep what was used here. */
export type TemplateCache = AsyncDisposable &
  Readonly<{
    /**
     * The object of a program: checked bytes of the cache, or compiled. Each is compiled once, however many callers and
     * processes ask at the same time; all of them get its failure, which is not tried again before a backoff. Starts no
     * process when sources, configuration and compiler are those of an earlier run. Without a compiler that runs, the
     * one that was used last of those made from the same sources and configuration. Throws CompileError with clang's
     * last lines, TemplateCacheError.
     */
    object(wanted: {
      program: DatapathProgram
      config: DatapathConfig
      signal: AbortSignal
    }): Promise<CompiledObject>
    /** All that is there, the last used first. */
    entries(): Promise<CacheEntry[]>
    /** The object of that hash; undefined when there is none, or none that is whole. */
    read(hash: string): Promise<CachedTemplate | undefined>
  }>

/** Throws TemplateCacheError when the directory cannot be made, or others may write to it. */
export async function openTemplateCache(options: TemplateCacheOptions): Promise<TemplateCache> {
  await openPrivateRoot(options.cacheDir)
  return new OpenCache(options)
}

type Found = Readonly<{
  template: CachedTemplate
  hash: string
  compiled: boolean
  problem?: string | undefined
}>

class OpenCache implements TemplateCache {
  readonly #options: TemplateCacheOptions
  readonly #now: () => number
  readonly #flights = new SingleFlight<Found>()
  /** By hash: what this process uses. */
  readonly #leases = new Map<string, AsyncDisposable>()

  constructor(options: TemplateCacheOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  async object(wanted: {
    program: DatapathProgram
    config: DatapathConfig
    signal: AbortSignal
  }): Promise<CompiledObject> {
    const { observe, sourceDir = defaultSourceDir } = this.#options
    const { program, signal } = wanted
    const startedMs = performance.now()
    let hash = ''
    const report = (outcome: CompileEvent['outcome'], problem?: string) => {
      const durationMs = performance.now() - startedMs
      observe?.({ program, hash, outcome, durationMs, ...(problem === undefined ? {} : { problem }) })
    }
    try {
      const recipe = await readRecipe({ ...wanted, sourceDir })
      const compiler = await this.#compiler(signal)
      if (!(compiler instanceof CompileError)) hash = templateHash(recipe, compiler.version)
      const found =
        compiler instanceof CompileError
          ? await this.#madeBefore(recipe, compiler)
          : await this.#ensure({ recipe, compiler, hash, signal })
      hash = found.hash
      const problem = await this.#afterwards(found)
      report(found.compiled ? 'compiled' : 'cached', problem)
      return { ...found.template, hash, compiled: found.compiled }
    } catch (error) {
      const isOthers = error instanceof CompileError && error.isRemembered
      report(isOthers ? 'failed-before' : 'failed')
      throw this.#asCacheError(error, program)
    }
  }

  async entries(): Promise<CacheEntry[]> {
    const names = await readdir(this.#options.cacheDir)
    const read = async (hash: string): Promise<CacheEntry[]> => {
      const directory = this.#directory(hash)
      const metadata = await readMetadata(directory)
      const lastUsedMs = await modifiedMs(metadataPath(directory))
      if (metadata.kind !== 'whole' || lastUsedMs === undefined) return []
      return [{ hash, metadata: metadata.value, lastUsedMs }]
    }
    const entries = await Promise.all(names.filter(isTemplateHash).map(read))
    return entries.flat().sort((a, b) => b.lastUsedMs - a.lastUsedMs)
  }

  async read(hash: string): Promise<CachedTemplate | undefined> {
    const directory = this.#directory(hash)
    if (!isTemplateHash(hash) || !(await isPrivateDirectory(directory))) return undefined
    const found = await readEntry(directory)
    return found.kind === 'whole' ? found.value : undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flights[Symbol.asyncDispose]()
    const leases = [...this.#leases.values()]
    this.#leases.clear()
    for (const lease of leases) await lease[Symbol.asyncDispose]()
  }

  /** The error when there is none that runs: a node can do without as long as nothing is to be compiled. */
  async #compiler(signal: AbortSignal): Promise<Compiler | CompileError> {
    const { clang = 'clang', searchPath = process.env.PATH ?? '', cacheDir } = this.#options
    try {
      return await identifyCompiler(clang, { searchPath, memoryPath: compilersPath(cacheDir), signal })
    } catch (error) {
      if (error instanceof CompileError) return error
      throw error
    }
  }

  async #ensure({
    recipe,
    compiler,
    hash,
    signal,
  }: {
    recipe: Recipe
    compiler: Compiler
    hash: string
    signal: AbortSignal
  }): Promise<Found> {
    const cached = await this.#use(hash, recipe)
    if ('template' in cached) return cached
    const job = {
      recipe,
      compiler,
      directory: this.#directory(hash),
      backoff: this.#options.backoff ?? defaultBackoff,
      now: this.#now,
    }
    let isOwn = false
    const compile = async (flightSignal: AbortSignal) => {
      isOwn = true
      const { template, lease, compiled } = await compileEntry({ ...job, signal: flightSignal })
      await this.#keep(hash, lease)
      return { template, hash, compiled }
    }
    try {
      const found = await this.#flights.run(hash, compile, signal)
      return isOwn ? { ...found, problem: cached.damage } : { ...found, compiled: false }
    } catch (error) {
      throw isOwn || !(error instanceof CompileError) ? error : asRemembered(error)
    }
  }

  /** Of the objects that were made from the recipe, whatever the compiler, the one that was used last. */
  async #madeBefore(recipe: Recipe, problem: CompileError): Promise<Found> {
    for (const { hash, metadata } of await this.entries()) {
      if (metadata.recipe !== recipe.digest) continue
      const found = await this.#use(hash, recipe)
      if ('template' in found) return { ...found, problem: describeError(problem) }
    }
    throw problem
  }

  async #use(hash: string, { digest }: Recipe): Promise<Found | { damage: string | undefined }> {
    const directory = this.#directory(hash)
    if (!(await isPrivateDirectory(directory))) return { damage: undefined }
    const lease = await tryLockFile(usePath(directory), 'shared')
    if (lease === undefined) return { damage: undefined }
    const read = await readEntry(directory, { recipe: digest })
    if (read.kind === 'whole') {
      await this.#keep(hash, lease)
      await touchEntry(directory, this.#now())
      return { template: read.value, hash, compiled: false }
    }
    await lease[Symbol.asyncDispose]()
    return { damage: read.kind === 'damaged' ? read.reason : undefined }
  }

  /** As long as this process has it open, nobody sweeps the entry. One lease per hash is enough. */
  async #keep(hash: string, lease: AsyncDisposable | undefined): Promise<void> {
    if (lease === undefined) return
    if (this.#leases.has(hash)) await lease[Symbol.asyncDispose]()
    else this.#leases.set(hash, lease)
  }

  /** Only a new object can make the cache too large. What is wrong is told, as there is an object. */
  async #afterwards({ compiled, problem }: Found): Promise<string | undefined> {
    if (!compiled) return problem
    const { cacheDir, bounds = defaultBounds } = this.#options
    try {
      await sweepCache(cacheDir, { bounds, nowMs: this.#now() })
      return problem
    } catch (error) {
      return `remove old templates: ${describeError(error)}`
    }
  }

  /** A file system that is full or broken is nobody's bug, and may be mended. */
  #asCacheError(error: unknown, program: DatapathProgram): unknown {
    const isOfFiles = error instanceof Error && 'syscall' in error && !(error instanceof CodedError)
    if (!isOfFiles) return error
    return new TemplateCacheError(`keep template ${program} in ${this.#options.cacheDir}`, {
      cause: error,
      hint: 'is its file system full, or only readable?',
    })
  }

  #directory(hash: string): string {
    return join(this.#options.cacheDir, hash)
  }
}

/** The failure of a compilation as those get it who did not run it. */
function asRemembered({ message, cause, hint, retryAfterMs }: CompileError): CompileError {
  return new CompileError(message, { cause, hint, retryAfterMs, isRemembered: true })
}
