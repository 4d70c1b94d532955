import type { FuzzProgress } from './run/supervise.ts'

export type FuzzReport = Readonly<{
  target: string
  seed: number
  workers: number
  executions: number
  seconds: number
  executionsPerSecond: number
  outcomes: number
  branches: number
  branchesInAll: number
  population: number
  slowestMs: number
  /** Why it ended before it was done. */
  stopped?: string
  findings: readonly Readonly<{ key: string; path: string }>[]
}>

export function formatProgress(progress: FuzzProgress): string {
  const { executions, outcomes, branches, branchesInAll, population, findings, elapsedMs } = progress
  return [
    `${executions.toLocaleString('en')} executions`,
    `${perSecond(executions, elapsedMs).toLocaleString('en')}/s`,
    `${outcomes} outcomes`,
    `${branches}/${branchesInAll} branches`,
    `${population} inputs`,
    `${findings} findings`,
  ].join(', ')
}

export function formatReport(report: FuzzReport): string {
  const { target, seed, executions, seconds, executionsPerSecond, outcomes, branches, branchesInAll } = report
  const { findings } = report
  const lines = [
    ...(report.stopped === undefined ? [] : [report.stopped]),
    `fuzz ${target}: ${executions.toLocaleString('en')} executions in ${seconds} s (${executionsPerSecond.toLocaleString('en')}/s, seed ${seed})`,
    `${outcomes} distinct outcomes, ${branches} of ${branchesInAll} branches, ${report.population} inputs kept, slowest ${report.slowestMs} ms`,
    findings.length === 0 ? 'no findings' : `${findings.length} findings:`,
    ...findings.map(({ key, path }) => `  ${path}  ${key}`),
  ]
  return lines.join('\n')
}

export function perSecond(executions: number, elapsedMs: number): number {
  return elapsedMs === 0 ? 0 : Math.round((executions * 1000) / elapsedMs)
}
