import { execFile } from 'node:child_process'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { rolldown } from 'rolldown'
import { copyAssets, filesIn } from './assets.ts'
import { BundleError } from './errors.ts'
import { copyNativePackage } from './native-package.ts'
import { ascii } from './plugins/ascii.ts'
import { etcdProtos } from './plugins/etcd-protos.ts'
import { lazyHttp } from './plugins/lazy-http.ts'
import { recordSources } from './sources.ts'

/** Loads its own binary, so it stays a package, beside the bundle. */
const nativePackages = ['koffi']

/** What starts. V8's code of `rehearse` is beside it; with another version of Node it is not used, and harmless. */
const entry = `#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

enableCompileCache({ directory: import.meta.dirname + '/compile-cache', portable: true })
await import('./app.js')
`

/**
 * Makes the directory `dist` new: `main.js` to start, `app.js` with everything that `src/main.ts` imports, a file for each
 * part that is loaded on demand, native packages, and the files that packages name as their `assets`. It needs nothing
 * outside of itself. Throws BundleError.
 */
export async function bundleApp(appDir: string, dist: string = join(appDir, 'dist')): Promise<void> {
  await rm(dist, { recursive: true, force: true })
  await mkdir(dist, { recursive: true })
  const { sources, included, externals } = await writeBundle(appDir, dist)
  for (const name of externals) await copyNativePackage(name, { sources, to: join(dist, 'node_modules') })
  const assets = await copyAssets(included, dist)
  await writeFile(join(dist, 'main.js'), entry, { mode: 0o755 })
  await rehearse(dist)
  await recordSources(dist, [...sources, ...assets])
}

type Written = Readonly<{
  /** Files of ours that were read: each can change the bundle, also one of which only a constant is left. */
  sources: readonly string[]
  /** Those with code in the bundle. */
  included: readonly string[]
  /** Packages that the bundle still imports. */
  externals: readonly string[]
}>

async function writeBundle(appDir: string, dist: string): Promise<Written> {
  const read = new Set<string>()
  const warnings: string[] = []
  try {
    await using bundle = await rolldown({
      cwd: appDir,
      input: { app: 'src/main.ts' },
      platform: 'node',
      external: nativePackages,
      plugins: [
        etcdProtos,
        lazyHttp,
        ascii,
        { name: 'sources', moduleParsed: ({ id }) => void (isOurs(id) && read.add(id)) },
      ],
      onLog: (level, log) => void (level === 'warn' && warnings.push(log.message)),
    })
    const { output } = await bundle.write({
      dir: dist,
      format: 'esm',
      sourcemap: true,
      entryFileNames: '[name].js',
      chunkFileNames: '[name].js',
      comments: false,
    })
    if (warnings.length > 0) throw new Error(warnings.join('\n'))
    const chunks = output.filter((part) => part.type === 'chunk')
    return {
      sources: [...read].sort(),
      included: [...new Set(chunks.flatMap((chunk) => chunk.moduleIds.filter(isOurs)))].sort(),
      externals: nativePackages.filter((name) => chunks.some((chunk) => chunk.imports.includes(name))),
    }
  } catch (cause) {
    throw new BundleError(`bundle ${appDir}`, { cause })
  }
}

function isOurs(id: string): boolean {
  return id.startsWith('/') && !id.includes('/node_modules/')
}

/** Starts the bundle as users do, which proves that it loads, and keeps what V8 compiled for it, for all users. */
async function rehearse(dist: string): Promise<void> {
  const main = join(dist, 'main.js')
  try {
    await promisify(execFile)(process.execPath, [main, '--help'], {
      env: { PATH: process.env.PATH },
      timeout: 60_000,
    })
  } catch (cause) {
    throw new BundleError(`start ${main} --help`, { cause })
  }
  for (const file of await filesIn(join(dist, 'compile-cache'))) await chmod(file, 0o644)
}
