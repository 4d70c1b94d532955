import { realpathSync } from 'node:fs'
import { cp, readFile } from 'node:fs/promises'
import { findPackageJSON } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { z } from 'zod'
import { BundleError } from './errors.ts'

const manifestSchema = z.object({ optionalDependencies: z.record(z.string(), z.string()).default({}) })

/**
 * Copies a package that has its binaries in optional packages, one per platform, into the directory `to`, with those
 * that are installed here. Sources and documentation stay behind. Throws BundleError.
 */
export async function copyNativePackage(
  name: string,
  { sources, to }: { sources: readonly string[]; to: string },
): Promise<void> {
  const manifest = firstDefined(sources, (source) => findManifest(name, source))
  if (manifest === undefined) throw new BundleError(`no package of the bundle can import ${name}`)
  await copyPackage(dirname(manifest), join(to, name))
  const { optionalDependencies } = manifestSchema.parse(JSON.parse(await readFile(manifest, 'utf8')))
  let binaries = 0
  for (const platform of Object.keys(optionalDependencies)) {
    const installed = findManifest(platform, manifest)
    if (installed === undefined) continue
    await copyPackage(dirname(installed), join(to, platform))
    binaries++
  }
  if (binaries === 0) throw new BundleError(`${name} has no binary for ${process.platform} ${process.arch}`)
}

/** The real path, from which the package's own dependencies are found. */
function findManifest(name: string, importer: string): string | undefined {
  try {
    const path = findPackageJSON(name, importer)
    return path === undefined ? undefined : realpathSync(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}

function firstDefined<T, R>(items: readonly T[], of: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = of(item)
    if (found !== undefined) return found
  }
  return undefined
}

const loadable = ['.js', '.cjs', '.json', '.node']
const notLoaded = ['vendor', 'doc', 'node_modules']

async function copyPackage(from: string, to: string): Promise<void> {
  await cp(from, to, {
    recursive: true,
    filter(source) {
      const parts = source.slice(from.length + 1).split('/')
      if (parts.some((part) => notLoaded.includes(part))) return false
      const extension = extname(source)
      return extension === '' || loadable.includes(extension)
    },
  })
}
