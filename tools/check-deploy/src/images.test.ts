import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { inRepository } from './repository.ts'
import { type Copy, readContainerfile, type Stage } from './test-containerfile.ts'
import { readManifests } from './test-manifests.ts'

const directories: string[] = []
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

const taskSchema = z.object({
  tasks: z.object({ build: z.looseObject({ outputs: z.array(z.string()) }) }),
})
const scriptsSchema = z.object({ scripts: z.object({ build: z.string() }) })

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(inRepository(path), 'utf8'))
}

/** Whether the build of a package says that it writes the file: in turbo's outputs, and in the script. */
function isOutput(path: string): boolean {
  const found = /^((?:apps|packages|tools)\/[^/]+)\/(dist)(\/.+)?$/.exec(path)
  if (found === null) return false
  const [, directory = '', dist = '', file = ''] = found
  const own = `${directory}/turbo.json`
  const { outputs } = taskSchema.parse(readJson(existsSync(inRepository(own)) ? own : 'turbo.json')).tasks
    .build
  const { build } = scriptsSchema.parse(readJson(`${directory}/package.json`)).scripts
  return outputs.includes(`${dist}/**`) && build.includes(file === '' ? 'bundle-app' : `${dist}${file}`)
}

/** Tracked or new, but nothing that is ignored: those are not in the build context. */
function isInTree(path: string): boolean {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--', path]
  const listed = execFileSync('git', args, { cwd: inRepository('.'), encoding: 'utf8' })
  return listed !== '' && existsSync(inRepository(path))
}

/** The file of this repository behind a path of the build stage; undefined for what is made there. */
function sourceOf(path: string, { workdir }: Stage): string | undefined {
  return path.startsWith(`${workdir}/`) ? path.slice(workdir.length + 1) : undefined
}

function stagesOf(image: string): { build: Stage; final: Stage } {
  const [build, final, ...more] = readContainerfile(`deploy/images/${image}.Containerfile`)
  if (build === undefined || final === undefined || more.length > 0)
    throw new Error(`${image}: not two stages`)
  return { build, final }
}

describe.each(['agent', 'operator'])('image %s', (image) => {
  const { build, final } = stagesOf(image)

  it('copies files that are in the tree, or that the build makes', () => {
    const problems = [...build.copies, ...final.copies].flatMap(({ from, sources }) =>
      sources.flatMap((source) => {
        if (from === '') return isInTree(source) ? [] : [`${source} is not in the tree`]
        if (from !== build.name) return [`no stage ${from}`]
        const path = sourceOf(source, build)
        if (path === undefined)
          return build.runs.some((run) => run.endsWith(` ${source}`)) ? [] : [`nothing makes ${source}`]
        return isOutput(path) ? [] : [`${path} is no declared output`]
      }),
    )
    expect(problems).toEqual([])
  })

  it('builds each package that it copies from', () => {
    const filters = new Set(build.runs.join(' ').match(/(?<=--filter=@axoneme\/)[a-z-]+(?=\.\.\.)/g))
    const copied = final.copies.flatMap(({ from, sources }) =>
      from === '' ? [] : sources.flatMap((source) => /\/apps\/([^/]+)\//.exec(source)?.[1] ?? []),
    )
    expect(new Set(copied)).toEqual(filters)
  })

  it('is named by no registry, and its base neither', () => {
    expect([build.base, final.base]).toEqual(['debian:bookworm-slim', 'debian:bookworm-slim'])
    const images = readManifests().workloads.flatMap(({ spec }) =>
      [...spec.template.spec.initContainers, ...spec.template.spec.containers].map((found) => found.image),
    )
    expect(images).toContain(
      `axoneme/${image}:${z.object({ version: z.string() }).parse(readJson('package.json')).version}`,
    )
  })

  it('starts from its own files alone', () => {
    const root = mkdtempSync(join(tmpdir(), `axo-image-${process.pid}-`))
    directories.push(root)
    for (const copy of final.copies) layOut(root, copy, build)
    const [command, main = ''] = final.entrypoint
    expect(command).toBe('node')
    const help = execFileSync(process.execPath, [join(root, main), '--help'], { env: {}, encoding: 'utf8' })
    expect(help).toContain(`usage: axoneme-${image} [options]`)
  })
})

/** Does what a COPY of the last stage does, from the outputs of this machine's build. */
function layOut(root: string, { from, sources, destination }: Copy, build: Stage): void {
  for (const source of sources) {
    const path = from === '' ? source : sourceOf(source, build)
    if (path === undefined) continue
    const to = join(root, destination.endsWith('/') ? join(destination, basename(source)) : destination)
    mkdirSync(dirname(to), { recursive: true })
    if (!existsSync(inRepository(path))) throw new Error(`${path} is missing: run the build first`)
    cpSync(inRepository(path), to, { recursive: true })
  }
}

it('the agent image has the paths that the manifests call', () => {
  const { final } = stagesOf('agent')
  const destinations = final.copies.map(({ destination }) => destination)
  const commands = readManifests().workloads.flatMap(({ spec }) =>
    spec.template.spec.initContainers.flatMap(({ command = [] }) => command.slice(0, 1)),
  )
  expect(commands).toEqual(['/opt/axoneme/cni/install-cni.sh'])
  expect(destinations).toEqual(expect.arrayContaining(commands))
  expect(final.runs).toContain('ln -s /opt/axoneme/cli/main.js /usr/local/bin/axo')
})
