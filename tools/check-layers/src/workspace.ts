import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const names = z.record(z.string(), z.string()).default({})
const manifestSchema = z.looseObject({
  name: z.string(),
  layer: z.string().default(''),
  exports: z.record(z.string(), z.unknown()).default({}),
  dependencies: names,
  devDependencies: names,
})

export type WorkspacePackage = Readonly<
  z.infer<typeof manifestSchema> & {
    /** Relative to the root: `packages/policy`. */
    directory: string
    /** The text of package.json, to find lines in. */
    manifestText: string
    /** Relative to the root: every TypeScript file of `src`. */
    sources: readonly string[]
  }
>

export type Workspace = Readonly<{
  root: string
  packages: readonly WorkspacePackage[]
  /** What the root declares: tests and tools may use it. */
  rootDependencies: ReadonlySet<string>
}>

const groups = ['packages', 'apps', 'tools'] as const

export function readWorkspace(root: string): Workspace {
  const rootManifest = manifestSchema.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')))
  const directories = groups.flatMap((group) =>
    existsSync(join(root, group)) ? readdirSync(join(root, group)).map((name) => `${group}/${name}`) : [],
  )
  return {
    root,
    packages: directories
      .filter((directory) => existsSync(join(root, directory, 'package.json')))
      .sort()
      .map((directory) => readPackage(root, directory)),
    rootDependencies: new Set([
      ...Object.keys(rootManifest.dependencies),
      ...Object.keys(rootManifest.devDependencies),
    ]),
  }
}

function readPackage(root: string, directory: string): WorkspacePackage {
  const path = join(root, directory, 'package.json')
  const manifestText = readFileSync(path, 'utf8')
  const manifest = manifestSchema.safeParse(JSON.parse(manifestText))
  if (!manifest.success) throw new Error(`${directory}/package.json: ${z.prettifyError(manifest.error)}`)
  return { ...manifest.data, directory, manifestText, sources: sourcesOf(root, `${directory}/src`) }
}

function sourcesOf(root: string, directory: string): string[] {
  if (!existsSync(join(root, directory))) return []
  return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.split('/').includes('node_modules'))
    .map((name) => `${directory}/${name}`)
    .sort()
}
