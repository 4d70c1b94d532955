import { constants } from 'node:os'
import type { MetricFamilies } from '@axoneme/app-host'
import type { BpfEvent } from '@axoneme/bpf'
import type { CompileEvent } from '@axoneme/bpf-programs'
import type { CtGcFailure, CtGcRun } from '@axoneme/datapath'
import { kernelBuckets } from './buckets.ts'

export type KernelMetrics = Readonly<{
  bpf: (event: BpfEvent) => void
  compile: (event: CompileEvent) => void
  conntrackGc: (run: CtGcRun) => void
  conntrackGcFailed: (failure: CtGcFailure) => void
}>

/** Calls of bpf(2), and what walks the maps. */
export function createKernelMetrics({ counter, gauge, histogram }: MetricFamilies): KernelMetrics {
  const syscalls = histogram({
    name: 'bpf_syscall_duration_seconds',
    help: 'bpf(2) calls',
    labels: ['operation', 'outcome'],
    buckets: kernelBuckets,
  })
  const mapOperations = counter({
    name: 'bpf_map_ops_total',
    help: 'changes of maps',
    labels: ['mapName', 'operation', 'outcome'],
  })
  const subprocesses = counter({
    name: 'subprocess_start_total',
    help: 'processes started',
    labels: ['subsystem'],
  })
  const gcLabels = ['family', 'protocol', 'status']
  const gcRuns = counter({
    name: 'datapath_conntrack_gc_runs_total',
    help: 'conntrack collections',
    labels: gcLabels,
  })
  const gcEntries = gauge({
    name: 'datapath_conntrack_gc_entries',
    help: 'entries at the last collection',
    labels: gcLabels,
  })
  const gcDuration = histogram({
    name: 'datapath_conntrack_gc_duration_seconds',
    help: 'conntrack collections',
    labels: gcLabels,
  })
  const ipv4 = { family: 'ipv4', protocol: 'all' }
  return {
    bpf({ operation, object, durationMs, errno }) {
      // A key that is not there is an answer.
      const outcome = errno === undefined || errno === constants.errno.ENOENT ? 'success' : 'fail'
      syscalls.observe({ operation, outcome }, durationMs / 1000)
      if (operation.startsWith('map_update') || operation.startsWith('map_delete')) {
        const change = operation.startsWith('map_update') ? 'update' : 'delete'
        mapOperations.inc({ mapName: object, operation: change, outcome })
      }
    },
    compile({ outcome }) {
      if (outcome === 'compiled' || outcome === 'failed') subprocesses.inc({ subsystem: 'clang' })
    },
    conntrackGc({ entries, deleted, durationMs }) {
      gcRuns.inc({ ...ipv4, status: 'completed' })
      gcEntries.set({ ...ipv4, status: 'alive' }, entries - deleted)
      gcEntries.set({ ...ipv4, status: 'deleted' }, deleted)
      gcDuration.observe({ ...ipv4, status: 'completed' }, durationMs / 1000)
    },
    conntrackGcFailed({ durationMs }) {
      gcRuns.inc({ ...ipv4, status: 'uncompleted' })
      gcDuration.observe({ ...ipv4, status: 'uncompleted' }, durationMs / 1000)
    },
  }
}
