import type { AgentHandlers, TemplateRow } from '@axoneme/agent-api'
import type { CacheEntry } from '@axoneme/bpf-programs'
import { describeObject, type ObjectPlan, parseObject } from '@axoneme/bpf-templater'
import type { Datapath, DatapathObjects } from '@axoneme/datapath'
import { DatapathNotReadyError } from './errors.ts'
import type { Visible } from './views.ts'

/** What the API tells of compiled templates; nothing before the datapath is open. */
export function templateViews(
  visible: Visible,
): Pick<AgentHandlers, 'templates' | 'describeTemplate' | 'checkTemplate'> {
  return {
    async templates() {
      const { objects, datapath } = visible
      if (objects === undefined) return []
      const cached = await objects.cache.entries()
      return [...runningTemplates(objects, datapath, cached), ...otherTemplates(objects, cached)]
    },
    async describeTemplate(template) {
      const plan = await planOf(visible.objects, template)
      if (plan === undefined) return undefined
      const { constants: slots, programs, ...rest } = describeObject(plan)
      const described = programs.map(({ constants, ...program }) => ({ ...program, slots: constants }))
      return { ...template, ...rest, slots, programs: described }
    },
    async checkTemplate({ id, namespace, podName }) {
      if (visible.datapath === undefined) throw new DatapathNotReadyError()
      const programs = await visible.datapath.verifyPrograms(id)
      return { endpointId: id, pod: `${namespace}/${podName}`, programs }
    },
  }
}

function runningTemplates(
  { sources }: DatapathObjects,
  datapath: Datapath | undefined,
  cached: readonly CacheEntry[],
): TemplateRow[] {
  return Object.values(sources).map(({ hash, metadata }) => ({
    ...rowOf({
      hash,
      metadata,
      // Somebody may have removed the file of what runs.
      lastUsedMs: cached.find((entry) => entry.hash === hash)?.lastUsedMs ?? Date.parse(metadata.createdAt),
    }),
    running: true,
    endpoints: metadata.program === 'lxc' ? realisedEndpoints(datapath) : [],
    devices: metadata.program === 'lxc' ? [] : (datapath?.devices[metadata.program] ?? []),
  }))
}

function otherTemplates({ sources }: DatapathObjects, cached: readonly CacheEntry[]): TemplateRow[] {
  const running = new Set(Object.values(sources).map(({ hash }) => hash))
  return cached.filter(({ hash }) => !running.has(hash)).map(rowOf)
}

function rowOf({ hash, metadata, lastUsedMs }: CacheEntry): TemplateRow {
  const { program, config: configuration, compiler, bytes, compileMs, createdAt } = metadata
  return {
    hash,
    program,
    configuration,
    compiler,
    bytes,
    compileMs,
    createdAt,
    lastUsedAt: new Date(lastUsedMs).toISOString(),
    running: false,
    endpoints: [],
    devices: [],
  }
}

/** Those whose programs this process has loaded: all that are realised, as each start loads them once. */
function realisedEndpoints(datapath: Datapath | undefined): number[] {
  return Array.from(datapath?.endpoints.status.rows() ?? [])
    .flatMap(({ state, row }) => (state === 'done' ? [row.endpoint.id] : []))
    .sort((a, b) => a - b)
}

/** The running one as it was loaded, whatever became of its file. */
async function planOf(
  objects: DatapathObjects | undefined,
  { hash }: TemplateRow,
): Promise<ObjectPlan | undefined> {
  if (objects === undefined) return undefined
  const running = Object.values(objects.sources).find((source) => source.hash === hash)
  if (running !== undefined) return running.plan
  const cached = await objects.cache.read(hash)
  return cached && parseObject(cached.bytes)
}
