import { execFile } from 'node:child_process'
import { existsSync, globSync, readdirSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CodedError } from '@axoneme/lifecycle'

const run = promisify(execFile)

/** Packages of Debian, unpacked below `directory`, one directory each. Nothing is installed. */
export type PackageStore = Readonly<{
  directory: string
  /** A package is fetched. */
  onFetch: (name: string) => void
  signal: AbortSignal
}>

/** Names of packages that apt knows or that were fetched before. Throws APT. */
export async function packageNames(store: PackageStore, prefix: string): Promise<string[]> {
  const { stdout } = await execute('apt-cache', ['pkgnames', prefix], store)
  const fetched = globSync(`${prefix}*`, { cwd: store.directory })
  return [...new Set([...stdout.split('\n'), ...fetched])].filter((name) => name !== '')
}

/** The directory with the package's files, which are fetched when they are not there. Throws APT. */
export async function packageFiles(store: PackageStore, name: string): Promise<string> {
  const directory = join(store.directory, name)
  if (existsSync(directory)) return directory
  store.onFetch(name)
  await mkdir(store.directory, { recursive: true })
  // The package's directory appears with all that is in it, or not at all.
  const temporary = await mkdtemp(join(store.directory, '.unpacking-'))
  try {
    await execute('apt-get', ['download', '-qq', name], { cwd: temporary, signal: store.signal })
    const archive = readdirSync(temporary).find((file) => file.endsWith('.deb'))
    if (archive === undefined) throw new CodedError('APT', `apt-get download ${name}: it left no package`)
    const files = join(temporary, 'files')
    await execute('dpkg-deb', ['-x', join(temporary, archive), files], store)
    await rename(files, directory)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  return directory
}

/** Fetches apt's list of packages. Needs root. Throws APT. */
export async function updatePackageList(store: PackageStore): Promise<void> {
  await execute('apt-get', ['update', '-qq'], store)
}

async function execute(
  command: string,
  args: readonly string[],
  { cwd, signal }: { cwd?: string; signal: AbortSignal },
): Promise<{ stdout: string }> {
  try {
    return await run(command, args, { cwd, signal, maxBuffer: 16 * 1024 * 1024 })
  } catch (cause) {
    signal.throwIfAborted()
    const hint = 'the packages are Debian’s; apt-get update brings the list of them up to date'
    throw new CodedError('APT', `${command} ${args.join(' ')}`, { cause, hint, retryable: true })
  }
}
