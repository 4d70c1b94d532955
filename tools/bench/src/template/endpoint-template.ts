import { readFile } from 'node:fs/promises'
import { type BpfKernel, type BpfMap, type BpfProgram, openBpfKernel, type ProgramSpec } from '@axoneme/bpf'
import { compileObject } from '@axoneme/bpf-programs'
import {
  type ConstantValue,
  encodeConstants,
  loadTemplate,
  type ObjectPlan,
  type ProgramSet,
  parseObject,
  patchProgram,
  type SlotValues,
} from '@axoneme/bpf-templater'

export type EndpointConstants = Readonly<Record<string, ConstantValue>>

/** The real endpoint program as a template, with maps of its own, and ways to load one endpoint's programs. */
export type EndpointTemplate = Disposable &
  Readonly<{
    programCount: number
    instructionCount: number
    /** Checks and encodes the values, copies and patches the instructions of all programs. */
    patch(): Buffer[]
    /** What an agent does for an endpoint. */
    instantiate(): Promise<ProgramSet>
    instantiateSync(): ProgramSet
    /** Only the kernel's part of `instantiate`: the same instructions, patched before, with the same BTF. */
    loadPatched(): BpfProgram[]
    /** Parses and loads an object that needs no constants, with the same maps. */
    loadObject(path: string): Promise<ProgramSet>
  }>

export async function openEndpointTemplate({
  constants,
  workDir,
  signal,
}: {
  constants: EndpointConstants
  workDir: string
  signal: AbortSignal
}): Promise<EndpointTemplate> {
  const kernel = openBpfKernel()
  const object = await compileObject({
    program: 'lxc',
    config: { routingMode: 'native' },
    cacheDir: workDir,
    signal,
  })
  const plan = parseObject(await readFile(object.path))
  using opening = new DisposableStack()
  const template = opening.use(loadTemplate(plan, { kernel }))
  const maps = Object.fromEntries(
    Object.entries(template.maps).map(([name, spec]) => [name, opening.use(kernel.createMap(spec))]),
  )
  const values = slotValues(plan, { constants, maps })
  const specs = patchedSpecs(kernel, { plan, values, opening })
  const held = opening.move()
  return {
    programCount: plan.programs.length,
    instructionCount: plan.programs.reduce((sum, { insns }) => sum + insns.length / 8, 0),
    patch() {
      const values = slotValues(plan, { constants, maps })
      return plan.programs.map((program) => patchProgram(program, values))
    },
    instantiate: () => template.instantiate({ constants, maps }),
    instantiateSync: () => template.instantiateSync({ constants, maps }),
    loadPatched: () => specs.map((spec) => kernel.loadProgramSync(spec)),
    async loadObject(path) {
      using absolute = loadTemplate(parseObject(await readFile(path)), { kernel })
      return await absolute.instantiate({ constants: {}, maps })
    },
    [Symbol.dispose]: () => held.dispose(),
  }
}

function slotValues(
  plan: ObjectPlan,
  { constants, maps }: { constants: EndpointConstants; maps: Readonly<Record<string, BpfMap>> },
): SlotValues {
  return {
    constants: encodeConstants(constants, plan.constants),
    maps: new Map(Object.entries(maps).map(([name, map]) => [name, map.fd])),
    data: new Map(),
  }
}

function patchedSpecs(
  kernel: BpfKernel,
  { plan, values, opening }: { plan: ObjectPlan; values: SlotValues; opening: DisposableStack },
): ProgramSpec[] {
  const btf = plan.btf && opening.use(kernel.loadBtf(plan.btf))
  return plan.programs.map((program) => ({
    name: program.name,
    type: program.type,
    insns: patchProgram(program, values),
    license: plan.license,
    ...(btf === undefined || program.btf === undefined ? {} : { btf: { fd: btf.fd, ...program.btf } }),
  }))
}
