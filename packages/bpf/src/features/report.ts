import { release } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import type { Feature, FeatureNeed } from './feature.ts'
import { KernelFeatureError } from './missing.ts'
import { allFeatures, type FeatureName } from './table.ts'

export type FeatureState = Readonly<{
  name: string
  title: string
  /** The first Linux that has it. */
  since: string
  usedFor: string
  need: FeatureNeed
  present: boolean
}>

/** What the running kernel has of what Axoneme uses. */
export type FeatureReport = Readonly<{
  /** As `uname -r` prints it. */
  kernelRelease: string
  features: readonly FeatureState[]
}>

/** What answers for one feature: a BpfKernel. */
export type ProbedKernel = Readonly<{ hasFeature(name: FeatureName): boolean }>

/**
 * Tries every feature but those of `known`, which are taken to be there, with a pause for others after each. Throws
 * SyscallError when the kernel may not be asked.
 */
export async function probeFeatures(
  kernel: ProbedKernel,
  {
    kernelRelease = release(),
    known = new Set(),
  }: { kernelRelease?: string; known?: ReadonlySet<string> } = {},
): Promise<FeatureReport> {
  const present = new Set<string>()
  for (const { name } of allFeatures) {
    if (known.has(name)) present.add(name)
    else {
      if (kernel.hasFeature(name)) present.add(name)
      await setImmediate()
    }
  }
  return featureReport(kernelRelease, (name) => present.has(name))
}

/** The report of a kernel that has the features for which `isPresent` is true. */
export function featureReport(
  kernelRelease: string,
  isPresent: (name: FeatureName) => boolean,
): FeatureReport {
  return {
    kernelRelease,
    features: allFeatures.map(({ name, title, since, usedFor, need }) => ({
      name,
      title,
      since,
      usedFor,
      need,
      present: isPresent(name),
    })),
  }
}

export function hasFeature(report: FeatureReport, name: FeatureName): boolean {
  return isPresent(report, name)
}

function isPresent(report: FeatureReport, name: string): boolean {
  return report.features.some((feature) => feature.name === name && feature.present)
}

/** Features whose absence stops the agent: fallbacks are, where what they stand in for is missing too. */
export function missingRequired(report: FeatureReport): FeatureState[] {
  return report.features.filter(
    ({ present, need }) =>
      !present && (need.kind === 'required' || (need.kind === 'fallback' && !isPresent(report, need.of))),
  )
}

/** Features that are missed and not needed: something else is used instead. */
export function missingOptional(report: FeatureReport): FeatureState[] {
  return report.features.filter(({ present, need }) => !present && need.kind === 'optional')
}

/** Throws KernelFeatureError that names everything required which is missing. `also` are required here besides. */
export function requireFeatures(
  report: FeatureReport,
  { also = [] }: { also?: readonly FeatureName[] } = {},
): void {
  const missing = new Set(missingRequired(report).map(({ name }) => name))
  for (const name of also) if (!hasFeature(report, name)) missing.add(name)
  const lacking: readonly Feature[] = allFeatures.filter(({ name }) => missing.has(name))
  if (lacking.length > 0) throw new KernelFeatureError(lacking, { kernelRelease: report.kernelRelease })
}
