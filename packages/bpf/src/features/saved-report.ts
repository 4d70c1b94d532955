import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { release } from 'node:os'
import { dirname } from 'node:path'
import { CodedError } from '@axoneme/lifecycle'
import { z } from 'zod'
import {
  type FeatureReport,
  featureReport,
  missingRequired,
  type ProbedKernel,
  probeFeatures,
} from './report.ts'
import { allFeatures } from './table.ts'

/** To be raised when a probe comes to ask something else under its old name. */
const formatVersion = 1
const maxBytes = 64 * 1024
const bootIdPath = '/proc/sys/kernel/random/boot_id'

const savedSchema = z.strictObject({
  version: z.literal(formatVersion),
  bootId: z.string(),
  kernelRelease: z.string(),
  present: z.record(z.string(), z.boolean()),
})

type Saved = z.infer<typeof savedSchema>

/** A kernel between two boots: what a saved report is good for. */
export type RunningKernel = Readonly<{ bootId: string; kernelRelease: string }>

export type LoadedFeatures = Readonly<{
  report: FeatureReport
  origin: 'saved' | 'probed'
  /** Why a file that was there could not be read, or a report not be saved. The report is good all the same. */
  problem?: unknown
}>

/**
 * What this kernel has, from the file at `path` when that was written since the last boot by an agent that asked the same,
 * by probing otherwise; then the file is written anew. It is readable by root alone. A report that would stop the agent is
 * not kept: modules that bring the missing may be loaded at any time. Throws SyscallError when the kernel may not be asked.
 */
export async function loadFeatures({
  kernel,
  path,
  running,
}: {
  kernel: ProbedKernel
  path: string
  /** The kernel under this process, when absent. */
  running?: RunningKernel
}): Promise<LoadedFeatures> {
  const { bootId, kernelRelease } = running ?? (await readRunningKernel())
  const { saved, problem } = await readSaved(path)
  if (saved?.bootId === bootId && saved.kernelRelease === kernelRelease && asksTheSame(saved)) {
    return {
      report: featureReport(kernelRelease, (name) => saved.present[name] === true),
      origin: 'saved',
    }
  }
  const report = await probeFeatures(kernel, kernelRelease)
  if (missingRequired(report).length > 0) return { report, origin: 'probed', problem }
  const present = Object.fromEntries(report.features.map((feature) => [feature.name, feature.present]))
  const unsaved = await save(path, { version: formatVersion, bootId, kernelRelease, present })
  return { report, origin: 'probed', problem: problem ?? unsaved }
}

async function readRunningKernel(): Promise<RunningKernel> {
  return { bootId: (await readFile(bootIdPath, 'utf8')).trim(), kernelRelease: release() }
}

/** Whether the report has an answer to each question of today and to no other. */
function asksTheSame({ present }: Saved): boolean {
  return (
    Object.keys(present).length === allFeatures.length &&
    allFeatures.every(({ name }) => Object.hasOwn(present, name))
  )
}

/** Nothing, without a problem, when there is no file; nothing, with a problem, when it is not as we write it. */
async function readSaved(path: string): Promise<{ saved?: Saved; problem?: unknown }> {
  try {
    const text = await readFile(path, 'utf8')
    if (text.length > maxBytes)
      throw new RangeError(`${text.length} bytes where at most ${maxBytes} are expected`)
    return { saved: savedSchema.parse(JSON.parse(text)) }
  } catch (cause) {
    if (isNoSuchFile(cause)) return {}
    return { problem: new FeatureFileError(`read ${path}`, { cause }) }
  }
}

/** Replaces the file as a whole. Returns what prevented it. */
async function save(path: string, saved: Saved): Promise<unknown> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(`${path}.tmp`, JSON.stringify(saved), { mode: 0o600 })
    await rename(`${path}.tmp`, path)
    return undefined
  } catch (cause) {
    return new FeatureFileError(`write ${path}`, { cause })
  }
}

function isNoSuchFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** The file that keeps what was probed is no help; each start probes until it is. */
class FeatureFileError extends CodedError {
  constructor(message: string, options: { cause: unknown }) {
    super('KERNEL_FEATURE_FILE', message, options)
  }
}
