import { mkdirSync } from 'node:fs'
import { type BpfKernel, type BpfMap, type MapSpec, mountBpffs } from '@axoneme/bpf'
import {
  type CompiledObject,
  type CompileEvent,
  type DatapathConfig,
  type DatapathProgram,
  openTemplateCache,
  type TemplateCache,
} from '@axoneme/bpf-programs'
import { loadTemplate, type ObjectPlan, parseObject, type Template } from '@axoneme/bpf-templater'
import { Scope } from '@axoneme/lifecycle'
import { type PinPaths, pinPaths } from './pin-paths.ts'

/** The endpoint's own map in the template; all others are the node's and are pinned by their names. */
const perEndpointMap = 'axo_policy'

/** What a template was made from. */
type TemplateSource = Pick<CompiledObject, 'hash' | 'metadata'> & Readonly<{ plan: ObjectPlan }>

/** Compiled templates and open maps: everything of the datapath that does not depend on an endpoint. */
export type DatapathObjects = AsyncDisposable &
  Readonly<{
    kernel: BpfKernel
    paths: PinPaths
    templates: Readonly<Record<DatapathProgram, Template>>
    sources: Readonly<Record<DatapathProgram, TemplateSource>>
    /** All compiled templates of this machine, those of other configurations too. */
    cache: TemplateCache
    /** Shared maps by name. */
    maps: Readonly<Record<string, BpfMap>>
    /** The shared map of that name; a name that no template has is a bug. */
    map(name: string): BpfMap
    policyMapSpec: MapSpec
  }>

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
    // Made first: a directory inside of a mounted bpffs needs no mount of its own.
    mkdirSync(bpfRoot, { recursive: true, mode: 0o700 })
    mountBpffs(bpfRoot)
    const paths = pinPaths(bpfRoot)
    for (const directory of [paths.maps, paths.deviceLinks, paths.endpoints]) {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
    }
    const cache = scope.use(await openTemplateCache({ cacheDir: templateDir, clang, observe: onCompile }))
    const compile = (program: DatapathProgram) => cache.object({ program, config, signal })
    const compiled = await Promise.all([compile('lxc'), compile('host'), compile('overlay')])
    const load = ({ bytes, hash, metadata }: CompiledObject) => {
      const plan = parseObject(bytes)
      return {
        source: { hash, metadata, plan },
        template: scope.use(loadTemplate(plan, { kernel })),
      }
    }
    const [lxc, host, overlay] = [load(compiled[0]), load(compiled[1]), load(compiled[2])]
    const maps: Record<string, BpfMap> = {}
    let policyMapSpec: MapSpec | undefined
    const specs = [lxc, host, overlay].flatMap(({ template }) => Object.values(template.maps))
    for (const { name, ...spec } of specs) {
      const sized = { ...spec, name, maxEntries: mapSizes[name] ?? spec.maxEntries }
      if (name === perEndpointMap) policyMapSpec = sized
      else maps[name] ??= scope.use(kernel.getOrCreatePinnedMap(paths.map(name), sized))
    }
    if (policyMapSpec === undefined) throw new TypeError(`no template has the map ${perEndpointMap}`)
    return {
      kernel,
      paths,
      templates: { lxc: lxc.template, host: host.template, overlay: overlay.template },
      sources: { lxc: lxc.source, host: host.source, overlay: overlay.source },
      cache,
      maps,
      map(name) {
        const found = maps[name]
        if (found === undefined) throw new TypeError(`the templates have no map ${name}`)
        return found
      },
      policyMapSpec,
      [Symbol.asyncDispose]: () => scope.close(),
    }
  } catch (error) {
    await scope.close()
    throw error
  }
}
