import type { MetricFamilies, ProcessMetrics } from '@axoneme/app-host'
import type { ReconcileRun } from '@axoneme/reconciler'
import type { FollowRun } from '@axoneme/tables'

export type ControllerMetrics = Readonly<{
  derivation: (name: string) => (run: Pick<FollowRun, 'outcome' | 'durationMs'>) => void
  reconciler: ProcessMetrics['reconciler']
  /** A reconciler whose target is the kernel. */
  datapath: (run: ReconcileRun) => void
}>

/** Runs of what derives tables, and of what carries them to the kernel and to the apiserver. */
export function createControllerMetrics(
  { counter }: MetricFamilies,
  { controller, reconciler }: Pick<ProcessMetrics, 'controller' | 'reconciler'>,
): ControllerMetrics {
  const errors = counter({
    name: 'datapath_errors_total',
    help: 'what could not be carried into the kernel, by the kind of row and the code of the error',
    labels: ['area', 'name', 'family'],
  })
  const validations = counter({
    name: 'nodes_all_datapath_validations_total',
    help: 'comparisons of the routes to the other nodes with the kernel’s',
  })
  return {
    derivation:
      (name) =>
      ({ outcome, durationMs }) =>
        controller({ name: `derive-${name}`, outcome, durationMs }),
    reconciler,
    datapath(run) {
      const { name, kind, failures } = run
      reconciler(run)
      for (const [code, count] of Object.entries(failures)) {
        errors.inc({ area: name, name: code, family: 'ipv4' }, count)
      }
      if (kind === 'prune' && name === 'node-routes') validations.inc()
    },
  }
}
