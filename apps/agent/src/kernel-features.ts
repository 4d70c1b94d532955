import { join } from 'node:path'
import type { KernelStatus } from '@axoneme/agent-api'
import {
  type BpfKernel,
  type FeatureNeed,
  type FeatureReport,
  hasFeature,
  loadFeatures,
  missingOptional,
  missingRequired,
  requireFeatures,
} from '@axoneme/bpf'
import type { AttachmentKind } from '@axoneme/datapath'
import { describeError } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import type { AgentConfig } from './config.ts'

/**
 * What the kernel has, tried once after each boot and kept in the state directory. Throws KernelFeatureError, after
 * `onReport`, when something that this configuration needs is missing.
 */
export async function checkKernelFeatures({
  kernel,
  config,
  onReport,
  log,
}: {
  kernel: Pick<BpfKernel, 'hasFeature'>
  config: Pick<AgentConfig, 'stateDir' | 'routingMode'>
  onReport: (report: FeatureReport) => void
  log: Logger
}): Promise<FeatureReport> {
  const startedMs = performance.now()
  const { report, triedCount, problem } = await loadFeatures({
    kernel,
    path: join(config.stateDir, 'kernel-features.json'),
  })
  onReport(report)
  if (problem !== undefined) log.warn('kernel features not kept', { error: describeError(problem) })
  requireFeatures(report, { also: config.routingMode === 'tunnel' ? ['vxlan'] : [] })
  for (const { name, since, need } of missingOptional(report)) {
    log.warn('kernel lacks a feature', { feature: name, since, ...need })
  }
  const durationMs = Math.round(performance.now() - startedMs)
  log.info('kernel features', { kernel: report.kernelRelease, triedCount, durationMs })
  return report
}

/** How programs get onto pods and devices: as is wanted where the kernel can, by the other kind where it cannot. */
export function chooseAttachments(
  report: FeatureReport,
  { config, log }: { config: Pick<AgentConfig, 'endpointAttachment'>; log: Logger },
): { pods: AttachmentKind; devices: AttachmentKind } {
  const wanted = config.endpointAttachment
  const devices = hasFeature(report, 'tcx') ? 'tcx' : 'clsact'
  const pods = hasFeature(report, wanted) ? wanted : other(wanted)
  if (pods !== wanted)
    log.warn('kernel cannot attach as wanted', { 'endpoint-attachment': wanted, instead: pods })
  return { pods, devices }
}

function other(kind: AttachmentKind): AttachmentKind {
  return kind === 'tcx' ? 'clsact' : 'tcx'
}

/** The report as the API tells it. */
export function kernelStatus(report: FeatureReport): KernelStatus {
  const waitedFor = missingRequired(report)
  return {
    release: report.kernelRelease,
    features: report.features.map((feature) => {
      const { name, title, since, usedFor, need, present } = feature
      const required = need.kind === 'required' || waitedFor.includes(feature)
      return { name, title, since, usedFor, present, required, ...insteadOf(need) }
    }),
  }
}

function insteadOf(need: FeatureNeed): { without?: string } {
  switch (need.kind) {
    case 'required':
      return {}
    case 'optional':
      return { without: need.without }
    case 'fallback':
      return { without: need.of }
  }
}
