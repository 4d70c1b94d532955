import { mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { type BpfKernel, type BpfMap, type MapSpec, mountBpffs } from '@axoneme/bpf'
import { type CompileEvent, compileObject, type DatapathConfig, type DatapathProgram } from '@axoneme/bpf-programs'
import { loadTemplate, parseObject, type Template } from '@axoneme/bpf-templater'
import { Scope } from '@axoneme/lifecycle'
import { type PinPaths, pinPaths } from './pin-paths.ts'

/** The endpoint's own map in the template; all others are the node's and are pinned by their names. */
const perEndpointMap = 'axo_policy'

/** Compiled templates and open maps: everything of the datapath that does not depend on an endpoint. */
export type DatapathObjects = AsyncDisposable &
  Readonly<{
    kernel: BpfKernel
    paths: PinPaths
    templates: Readonly<Record<DatapathProgram, Template>>
    /** Hash and path of each compiled object. */
    compiled: Readonly<Record<DatapathProgram, { hash: string; path: string; compiled: boolean }>>
    /** Shared maps by name. */
    maps: Readonly<Record<string, BpfMap>>
    policyMapSpec: MapSpec
  }>

const programs = ['lxc', 'host', 'overlay'] as const

/** Compiles what is not compiled yet, and opens or makes the node's pinned maps. Nothing is attached. */
export async function openDatapathObjects({
  kernel,
  bpfRoot,
  templateDir,
  clang,
  config,
  mapSizes,
  signal,
  onCompile,
}: {
  kernel: BpfKernel
  bpfRoot: string
  templateDir: string
  clang: string
  config: DatapathConfig
  /** Entries by map name, where they differ from the object's. */
  mapSizes: Readonly<Record<string, number>>
  signal: AbortSignal
  onCompile?: (event: CompileEvent) => void
}): Promise<DatapathObjects> {
  const scope = new Scope('datapath objects')
  try {
    mountBpffs(bpfRoot)
    const paths = pinPaths(bpfRoot)
    for (const directory of [paths.maps, paths.deviceLinks, paths.endpoints]) {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
    }
    const objects = await Promise.all(
      programs.map((program) =>
        compileObject({ program, config, cacheDir: templateDir, clang, signal, observe: onCompile }),
      ),
    )
    const plans = await Promise.all(objects.map(async ({ path }) => parseObject(await readFile(path))))
    const templates = plans.map((plan) => scope.use(loadTemplate(plan, { kernel })))
    const maps: Record<string, BpfMap> = {}
    let policyMapSpec: MapSpec | undefined
    for (const { name, ...spec } of templates.flatMap((template) => Object.values(template.maps))) {
      const sized = { ...spec, name, maxEntries: mapSizes[name] ?? spec.maxEntries }
      if (name === perEndpointMap) policyMapSpec = sized
      else maps[name] ??= scope.use(kernel.getOrCreatePinnedMap(paths.map(name), sized))
    }
    if (policyMapSpec === undefined) throw new TypeError(`no template has the map ${perEndpointMap}`)
    const [lxc, host, overlay] = templates as [Template, Template, Template]
    const [lxcObject, hostObject, overlayObject] = objects as [(typeof objects)[0], (typeof objects)[0], (typeof objects)[0]]
    return {
      kernel,
      paths,
      templates: { lxc, host, overlay },
      compiled: { lxc: lxcObject, host: hostObject, overlay: overlayObject },
      maps,
      policyMapSpec,
      [Symbol.asyncDispose]: () => scope.close(),
    }
  } catch (error) {
    await scope.close()
    throw error
  }
}
