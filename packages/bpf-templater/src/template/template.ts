import {
  type BpfKernel,
  type BpfMap,
  type BpfProgram,
  type BtfHandle,
  type MapSpec,
  mapFlags,
  type ProgramSpec,
} from '@axoneme/bpf'
import { TemplateError } from '../errors.ts'
import type { ObjectPlan, ProgramPlan } from '../plan/object-plan.ts'
import { readMaps } from './arguments.ts'
import { type ConstantValue, encodeConstants } from './constant-values.ts'
import { patchProgram, type SlotValues } from './patch.ts'

export type InstanceOptions = Readonly<{
  /** A value for every slot of the programs. */
  constants: Readonly<Record<string, ConstantValue>>
  /** A map for every map that the programs use, of the type and sizes that the template says. */
  maps: Readonly<Record<string, BpfMap>>
  /** All of the template's by default. */
  programs?: readonly string[]
}>

/** The loaded programs of one instance, by name. Disposing closes them all; attachments keep theirs alive. */
export type ProgramSet = Disposable & Readonly<{ programs: Readonly<Record<string, BpfProgram>> }>

/**
 * An object whose shared parts are in the kernel: its BTF and its constant data. An instance costs one copy of the
 * instructions, its patches, and the kernel's own load. Disposing leaves the instances as they are.
 */
export type Template = Disposable &
  Readonly<{
    /** Names of the constants, sorted. */
    constants: readonly string[]
    /** What the object's maps are, with their BTF, ready for `createMap`. The caller decides on pins and sizes. */
    maps: Readonly<Record<string, MapSpec>>
    programs: readonly string[]
    /**
     * Loads programs with their slots filled, side by side and beside this thread. Throws TemplateError naming a constant, map or program that is missing,
     * unknown or does not fit, ProgramRejectedError with the verifier's log; then nothing stays loaded.
     */
    instantiate(options: InstanceOptions): Promise<ProgramSet>
    /** The same on this thread, one program after the other. */
    instantiateSync(options: InstanceOptions): ProgramSet
  }>

/** Throws BtfError or SyscallError; then nothing stays loaded. */
export function loadTemplate(plan: ObjectPlan, { kernel }: { kernel: BpfKernel }): Template {
  using opened = new DisposableStack()
  const btf = plan.btf && opened.use(kernel.loadBtf(plan.btf))
  const data = new Map(
    plan.data.map(({ section, bytes }) => [section, opened.use(freezeData(kernel, section, bytes)).fd]),
  )
  const maps = Object.fromEntries(plan.maps.map((map) => [map.spec.name, withBtf(map, btf)]))
  const byName = new Map(plan.programs.map((program) => [program.name, program]))
  /** All are patched before the first is loaded: what can fail without the kernel fails first. */
  const patch = (options: InstanceOptions): ProgramSpec[] => {
    const selected = (options.programs ?? [...byName.keys()]).map((name) => {
      const program = byName.get(name)
      if (program === undefined) throw new TemplateError(`program ${name}: the template has no such program`)
      return program
    })
    const values = {
      constants: encodeConstants(options.constants, plan.constants),
      maps: readMaps(options.maps, maps),
      data,
    }
    return selected.map((program) => programSpec(program, { plan, btf, values }))
  }
  const held = opened.move()
  return {
    constants: plan.constants.map(({ name }) => name),
    maps,
    programs: [...byName.keys()],
    async instantiate(options) {
      const loads = await Promise.allSettled(patch(options).map((spec) => kernel.loadProgram(spec)))
      using loading = new DisposableStack()
      for (const load of loads) if (load.status === 'fulfilled') loading.use(load.value)
      return programSet(
        loads.map((load) => {
          if (load.status === 'rejected') throw load.reason
          return load.value
        }),
        loading.move(),
      )
    },
    instantiateSync(options) {
      using loading = new DisposableStack()
      const programs = patch(options).map((spec) => loading.use(kernel.loadProgramSync(spec)))
      return programSet(programs, loading.move())
    },
    [Symbol.dispose]: () => held.dispose(),
  }
}

function programSpec(
  program: ProgramPlan,
  { plan, btf, values }: { plan: ObjectPlan; btf: BtfHandle | undefined; values: SlotValues },
): ProgramSpec {
  const { name, type, expectedAttachType } = program
  return {
    name,
    type,
    insns: patchProgram(program, values),
    license: plan.license,
    ...(expectedAttachType === undefined ? {} : { expectedAttachType }),
    ...(btf === undefined || program.btf === undefined ? {} : { btf: { fd: btf.fd, ...program.btf } }),
  }
}

function programSet(programs: readonly BpfProgram[], owner: Disposable): ProgramSet {
  return {
    programs: Object.fromEntries(programs.map((program) => [program.name, program])),
    [Symbol.dispose]: () => owner[Symbol.dispose](),
  }
}

/** A map with the section as its one value, which the verifier may take for constants as nothing can change it. */
function freezeData(kernel: BpfKernel, section: string, bytes: Buffer): BpfMap {
  const map = kernel.createMap({
    name: section,
    type: 'array',
    keySize: 4,
    valueSize: bytes.length,
    maxEntries: 1,
    flags: mapFlags.readOnlyProgram,
  })
  try {
    map.update(Buffer.alloc(4), bytes)
    map.freeze()
    return map
  } catch (error) {
    map.close()
    throw error
  }
}

function withBtf({ spec, btfTypes }: ObjectPlan['maps'][number], btf: BtfHandle | undefined): MapSpec {
  return btf === undefined || btfTypes === undefined ? spec : { ...spec, btf: { fd: btf.fd, ...btfTypes } }
}
