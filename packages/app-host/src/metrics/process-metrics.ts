import type { LoggedEvent } from '@axoneme/log'
import type { MetricFamilies } from './families.ts'

/** One run of something that runs again and again: a derivation, a reconciler, a collection. */
type ControllerRun = Readonly<{ name: string; outcome: 'success' | 'fail'; durationMs: number }>

/** One pass of a reconciler over rows, or one pruning of its target. */
type ReconcilerRun = Readonly<{
  name: string
  kind: 'rows' | 'prune'
  durationMs: number
  /** How many could not be carried, by the code of the error. */
  failures: Readonly<Record<string, number>>
}>

export type ProcessMetrics = Readonly<{
  log: (event: LoggedEvent) => void
  controller: (run: ControllerRun) => void
  reconciler: (run: ReconcilerRun) => void
}>

const controllerBuckets = [0.000_1, 0.001, 0.01, 0.1, 0.5, 1, 5, 10, 30]

/** Warnings, errors and runs of what a process does again and again. */
export function createProcessMetrics({ counter, histogram }: MetricFamilies): ProcessMetrics {
  const problems = counter({
    name: 'errors_warnings_total',
    help: 'errors and warnings that the log has, or would have at its level',
    labels: ['level', 'subsystem'],
  })
  const runs = counter({
    name: 'controllers_runs_total',
    help: 'runs of derivations and reconcilers',
    labels: ['status'],
  })
  const durations = histogram({
    name: 'controllers_runs_duration_seconds',
    help: 'runs of derivations and reconcilers',
    labels: ['status'],
    buckets: controllerBuckets,
  })
  const groupRuns = counter({
    name: 'controllers_group_runs_total',
    help: 'runs of each derivation and reconciler',
    labels: ['status', 'group_name'],
  })
  const controller = ({ name, outcome, durationMs }: ControllerRun) => {
    const status = outcome === 'success' ? 'success' : 'failure'
    runs.inc({ status })
    durations.observe({ status }, durationMs / 1000)
    groupRuns.inc({ status, group_name: name })
  }
  return {
    controller,
    reconciler({ name, kind, durationMs, failures }) {
      const outcome = Object.keys(failures).length === 0 ? 'success' : 'fail'
      const verb = kind === 'rows' ? 'reconcile' : 'prune'
      controller({ name: `${verb}-${name.replaceAll(' ', '-')}`, outcome, durationMs })
    },
    log({ level, component }) {
      // The words of Cilium's label `level`.
      if (level === 'warn') problems.inc({ level: 'warning', subsystem: component })
      if (level === 'error') problems.inc({ level: 'error', subsystem: component })
    },
  }
}
