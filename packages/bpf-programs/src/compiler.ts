import { constants } from 'node:fs'
import { access, realpath, stat } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import { z } from 'zod'
import { writeDurably } from './cache/durable-file.ts'
import { parseJson } from './cache/entry.ts'
import { hasCode, readPrivateFile } from './cache/private-file.ts'
import { clangVersion, maxVersionLength } from './clang.ts'
import { CompileError } from './errors.ts'

/** A compiler that is there. `version` is its own words, equal for equal compilers wherever they lie. */
export type Compiler = Readonly<{ path: string; version: string }>

const maxRemembered = 8
const maxBytes = 64 * 1024

const versionsSchema = z.array(
  z.object({
    path: z.string().max(4096),
    size: z.string().max(32),
    mtimeNs: z.string().max(32),
    version: z.string().max(maxVersionLength),
  }),
)
type Versions = z.infer<typeof versionsSchema>

/**
 * Finds the compiler, and what it is. It runs only when its file is not the one that `memoryPath` remembers: same
 * path, size and time of change. Throws CompileError when there is none, or none that runs.
 */
export async function identifyCompiler(
  clang: string,
  { searchPath, memoryPath, signal }: { searchPath: string; memoryPath: string; signal: AbortSignal },
): Promise<Compiler> {
  const path = await findExecutable(clang, searchPath)
  const identity = await identityOf(path)
  const remembered = await readVersions(memoryPath)
  const isSame = (other: Versions[number]) =>
    other.path === identity.path && other.size === identity.size && other.mtimeNs === identity.mtimeNs
  const known = remembered.find(isSame)
  if (known !== undefined) return { path, version: known.version }
  const version = await clangVersion(path, { signal })
  const others = remembered.filter((other) => other.path !== identity.path)
  const versions: Versions = [{ ...identity, version }, ...others].slice(0, maxRemembered)
  await remember(memoryPath, versions)
  return { path, version }
}

async function remember(path: string, versions: Versions): Promise<void> {
  try {
    await writeDurably(path, JSON.stringify(versions, null, 2))
  } catch (error) {
    // What is compiled already serves also where nothing can be written; the compiler is asked again next time.
    if (!hasCode(error, 'EROFS', 'ENOSPC', 'EDQUOT', 'EACCES', 'EPERM')) throw error
  }
}

async function findExecutable(name: string, searchPath: string): Promise<string> {
  const candidates = name.includes('/')
    ? [resolve(name)]
    : searchPath
        .split(delimiter)
        .filter((directory) => directory !== '')
        .map((directory) => join(directory, name))
  for (const candidate of candidates) {
    if (await isExecutable(candidate)) return candidate
  }
  throw new CompileError(`find the compiler ${name}`, {
    hint: 'install clang 14 or newer, or name another by its path',
  })
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'ENOTDIR', 'ELOOP', 'EPERM', 'EIO')) return false
    throw error
  }
}

async function identityOf(path: string): Promise<Omit<Versions[number], 'version'>> {
  const real = await realpath(path)
  const { size, mtimeNs } = await stat(real, { bigint: true })
  return { path: real, size: String(size), mtimeNs: String(mtimeNs) }
}

async function readVersions(path: string): Promise<Versions> {
  const file = await readPrivateFile(path, maxBytes)
  if (file.kind !== 'bytes') return []
  return versionsSchema.safeParse(parseJson(file.bytes)).data ?? []
}
