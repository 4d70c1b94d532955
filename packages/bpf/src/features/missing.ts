import { release } from 'node:os'
import { CodedError, type CodedErrorOptions } from '@axoneme/lifecycle'
import { EINVAL, SyscallError } from '@axoneme/syscalls'
import type { BpfCommands } from '../kernel/command.ts'
import type { MapSpec } from '../map/map-spec.ts'
import type { ProgramSpec } from '../program/program-spec.ts'
import type { Feature } from './feature.ts'
import { calledHelpers } from './insn.ts'
import { allFeatures } from './table.ts'

type Lacking = Pick<Feature, 'name' | 'title' | 'since' | 'usedFor' | 'config'>

/**
 * The running kernel lacks what something needs. Names each feature, the version that has it and what it is for. A module
 * that is loaded later can bring one, hence retryable.
 */
export class KernelFeatureError extends CodedError {
  /** Names of `allFeatures`. */
  readonly features: readonly string[]

  constructor(
    lacking: readonly Lacking[],
    { kernelRelease = release(), ...options }: CodedErrorOptions & { kernelRelease?: string } = {},
  ) {
    super('KERNEL_FEATURE', describeLacking(lacking, kernelRelease), {
      retryable: true,
      hint: hintFor(lacking),
      ...options,
    })
    this.features = lacking.map(({ name }) => name)
  }
}

function describeLacking(lacking: readonly Lacking[], kernelRelease: string): string {
  const parts = lacking.map(
    ({ title, since, usedFor }) => `${title} (in Linux since ${since}), needed for ${usedFor}`,
  )
  return `kernel ${kernelRelease} lacks ${parts.join('; and ')}`
}

function hintFor(lacking: readonly Lacking[]): string {
  const newest = lacking.map(({ since }) => since).reduce((a, b) => (isNewer(a, b) ? a : b))
  const configs = new Set(lacking.flatMap(({ config }) => config ?? []))
  const built = configs.size === 0 ? '' : `, with ${[...configs].join(', ')}`
  return `run Linux ${newest} or newer${built}`
}

function isNewer(a: string, b: string): boolean {
  return a.localeCompare(b, 'en', { numeric: true }) > 0
}

/** Why the kernel may have refused a program with this errno: of the features that it uses, one that is not there. */
export function findMissingForProgram(
  commands: BpfCommands,
  { insns, btf }: ProgramSpec,
  errno: number,
): Feature | undefined {
  // The verifier's other complaints are EACCES and the like.
  if (errno !== EINVAL) return undefined
  const helpers = new Set(calledHelpers(insns))
  return findMissing(
    commands,
    ({ name, helper }) =>
      (helper !== undefined && helpers.has(helper)) ||
      name === 'program_sched_cls' ||
      name === 'cpu_v3' ||
      (name === 'global_functions' && btf !== undefined) ||
      (name === 'tail_call_beside_functions' && helpers.has(tailCallHelper)),
  )
}

const tailCallHelper = 12

/** The map type, when the kernel refused a map with this errno because it does not have that type. */
export function findMissingForMap(
  commands: BpfCommands,
  { type }: MapSpec,
  errno: number,
): Feature | undefined {
  return errno === EINVAL ? findMissing(commands, ({ mapType }) => mapType === type) : undefined
}

function findMissing(commands: BpfCommands, isUsed: (feature: Feature) => boolean): Feature | undefined {
  try {
    return allFeatures.find((feature) => isUsed(feature) && !feature.probe(commands))
  } catch (error) {
    // The caller has an error to report already; that its reason cannot be found out adds nothing to it.
    if (error instanceof SyscallError) return undefined
    throw error
  }
}
