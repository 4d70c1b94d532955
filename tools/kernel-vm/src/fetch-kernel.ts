import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CodedError } from '@axoneme/lifecycle'
import { type KernelPackage, newestKernel, parseKernelPackage } from './kernel-package.ts'

const run = promisify(execFile)

/** A kernel's files, as its package has them, in a directory of ours: nothing is installed. */
export type Kernel = Readonly<{ package: string; image: string; modulesDir: string }>

export type FetchOptions = Readonly<{
  /** Such as 6.1. */
  series: string
  /** Keeps one directory per package. */
  kernelsDir: string
  onFetch: (packageName: string) => void
  signal: AbortSignal
}>

/**
 * The newest kernel of a series that apt has, or that was fetched before. Throws NO_KERNEL when there is none, and
 * APT when it cannot be fetched, KERNEL_PACKAGE when it has not what is looked for in it.
 */
export async function fetchKernel(options: FetchOptions): Promise<Kernel> {
  await mkdir(options.kernelsDir, { recursive: true })
  try {
    return await tryFetch(options)
  } catch (error) {
    const isListOld = error instanceof CodedError && ['NO_KERNEL', 'APT'].includes(error.code)
    if (!isListOld || process.getuid?.() !== 0) throw error
    // A list of packages that is missing, or names what has gone from Debian's mirrors since.
    await execute('apt-get', ['update', '-qq'], options)
    return await tryFetch(options)
  }
}

async function tryFetch({ series, kernelsDir, onFetch, signal }: FetchOptions): Promise<Kernel> {
  const { name } = newestKernel(await knownKernels(kernelsDir, signal), series)
  const directory = join(kernelsDir, name)
  if (!existsSync(directory)) {
    onFetch(name)
    await unpack({ name, directory, kernelsDir, signal })
  }
  return kernelIn(directory, name)
}

async function knownKernels(kernelsDir: string, signal: AbortSignal): Promise<KernelPackage[]> {
  const { stdout } = await execute('apt-cache', ['pkgnames', 'linux-image-'], { signal })
  const names = new Set([...stdout.split('\n'), ...readdirSync(kernelsDir)])
  return [...names].flatMap((name) => parseKernelPackage(name) ?? [])
}

/** The directory appears with all that is in it, or not at all. */
async function unpack({
  name,
  directory,
  kernelsDir,
  signal,
}: {
  name: string
  directory: string
  kernelsDir: string
  signal: AbortSignal
}): Promise<void> {
  const temporary = await mkdtemp(join(kernelsDir, '.unpacking-'))
  try {
    await execute('apt-get', ['download', '-qq', name], { cwd: temporary, signal })
    const archive = readdirSync(temporary).find((file) => file.endsWith('.deb'))
    if (archive === undefined)
      throw new CodedError('KERNEL_PACKAGE', `apt-get download ${name} left no package`)
    const files = join(temporary, 'files')
    await execute('dpkg-deb', ['-x', join(temporary, archive), files], { signal })
    await rename(files, directory)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

function kernelIn(directory: string, name: string): Kernel {
  const release = name.replace('linux-image-', '')
  const image = join(directory, 'boot', `vmlinuz-${release}`)
  const modulesDir = join(directory, 'lib', 'modules', release)
  for (const path of [image, modulesDir]) {
    if (!existsSync(path)) {
      throw new CodedError('KERNEL_PACKAGE', `package ${name} has no ${path}`, {
        hint: `remove ${directory} to have it fetched again`,
      })
    }
  }
  return { package: name, image, modulesDir }
}

async function execute(
  command: string,
  args: readonly string[],
  options: { cwd?: string; signal: AbortSignal },
): Promise<{ stdout: string }> {
  try {
    return await run(command, args, { maxBuffer: 16 * 1024 * 1024, ...options })
  } catch (cause) {
    options.signal.throwIfAborted()
    const hint = 'kernels come from Debian; apt-get update brings its list of packages up to date'
    throw new CodedError('APT', `${command} ${args.join(' ')}`, { cause, hint, retryable: true })
  }
}
