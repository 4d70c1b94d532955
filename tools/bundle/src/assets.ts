import { cp, glob, readFile, stat } from 'node:fs/promises'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { BundleError } from './errors.ts'

const manifestSchema = z.object({ name: z.string(), assets: z.array(z.string()).default([]) })

/**
 * Copies what the packages of the bundle read from their own directory: their package.json names it as `assets`, and
 * their code looks for it beside itself first. Returns the files. Throws BundleError for code of ours that asks where
 * it is and has no assets, since it would look in the wrong place.
 */
export async function copyAssets(sources: readonly string[], dist: string): Promise<string[]> {
  const assets = new Map<string, string>()
  for (const source of sources) {
    const owner = await ownerOf(source)
    if (owner.assets.length === 0) await refuseOwnLocation(source, owner.name)
    for (const asset of owner.assets) assets.set(join(owner.directory, asset), join(dist, asset))
  }
  for (const [from, to] of assets) await cp(from, to, { recursive: true, errorOnExist: true, force: false })
  return (await Promise.all([...assets.keys()].map(filesIn))).flat()
}

async function refuseOwnLocation(source: string, name: string): Promise<void> {
  const code = await readFile(source, 'utf8')
  const question = /import\.meta\.(url|dirname|filename|resolve)|createRequire\(/.exec(code)
  if (question === null) return
  throw new BundleError(`${source} uses ${question[0]}, which in a bundle is the bundle's place`, {
    hint: `name the files that it reads as "assets" in the package.json of ${name}`,
  })
}

async function ownerOf(source: string) {
  const manifest = findPackageJSON('..', source)
  if (manifest === undefined) throw new BundleError(`${source} belongs to no package`)
  const { name, assets } = manifestSchema.parse(JSON.parse(await readFile(manifest, 'utf8')))
  return { directory: dirname(manifest), name, assets }
}

/** All files of a directory, or the file itself. */
export async function filesIn(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path]
  const entries = await Array.fromAsync(glob('**/*', { cwd: path, withFileTypes: true }))
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}
