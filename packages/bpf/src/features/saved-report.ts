import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { release } from 'node:os'
import { dirname } from 'node:path'
import { CodedError } from '@axoneme/lifecycle'
import { z } from 'zod'
import { type FeatureReport, type ProbedKernel, probeFeatures } from './report.ts'

/** To be raised when a probe comes to ask something else under its old name. */
const formatVersion = 1
const maxBytes = 64 * 1024
const bootIdPath = '/proc/sys/kernel/random/boot_id'

const savedSchema = z.strictObject({
  version: z.literal(formatVersion),
  bootId: z.string(),
  kernelRelease: z.string(),
  found: z.array(z.string()),
})

type Saved = z.infer<typeof savedSchema>

/** A kernel between two boots: what a saved report is good for. */
export type RunningKernel = Readonly<{ bootId: string; kernelRelease: string }>

export type LoadedFeatures = Readonly<{
  report: FeatureReport
  /** How many features were tried, rather than known from the file. */
  triedCount: number
  /** Why a file that was there could not be read, or a new one not be written. Undefined when all is well; the report is good either way. */
  problem: unknown
}>

/**
 * What this kernel has. What was found since the last boot is in the file at `path`, for root alone, and is not tried again;
 * all else is, as a module may have brought it. Throws SyscallError when the kernel may not be asked.
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
  const isOfToday = saved?.bootId === bootId && saved.kernelRelease === kernelRelease
  const known = new Set(isOfToday ? saved.found : [])
  const report = await probeFeatures(kernel, { kernelRelease, known })
  const found = report.features.filter(({ present }) => present).map(({ name }) => name)
  const triedCount = report.features.filter(({ name }) => !known.has(name)).length
  if (isOfToday && found.every((name) => known.has(name))) return { report, triedCount, problem }
  const unsaved = await save(path, { version: formatVersion, bootId, kernelRelease, found })
  return { report, triedCount, problem: problem ?? unsaved }
}

async function readRunningKernel(): Promise<RunningKernel> {
  return { bootId: (await readFile(bootIdPath, 'utf8')).trim(), kernelRelease: release() }
}

/** Nothing, without a problem, when there is no file; nothing, with a problem, when it is not as we write it. */
async function readSaved(path: string): Promise<{ saved?: Saved; problem?: unknown }> {
  try {
    const { size } = await stat(path)
    if (size > maxBytes) throw new RangeError(`${size} bytes where at most ${maxBytes} are expected`)
    const text = await readFile(path, 'utf8')
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
