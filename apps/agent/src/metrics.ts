import { constants } from 'node:os'
import type { AgentApiEvent } from '@axoneme/agent-api'
import type { BpfEvent } from '@axoneme/bpf'
import type { CompileEvent } from '@axoneme/bpf-programs'
import type { DatapathObserver } from '@axoneme/datapath'
import type { K8sCallEvent } from '@axoneme/k8s-client'
import type { ReflectorEvent } from '@axoneme/k8s-watchers'
import type { KvOperationEvent, QuorumError } from '@axoneme/kvstore'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { CniStep } from './cni.ts'
import { watchState } from './state-metrics.ts'
import type { Visible } from './views.ts'

/** Kernel calls take microseconds, calls over the network milliseconds to seconds. */
const syscallBuckets = [0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 1]
/** Of nodejs_eventloop_lag_*: how often a timer looks, in ms. What it reports includes this period. */
const eventLoopMonitoringPrecision = 5
/** The words of Cilium's label `action`. */
const actions: Readonly<Record<string, string>> = { ADDED: 'create', MODIFIED: 'update', DELETED: 'delete' }
const bootstrapBuckets = [0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
const remoteBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30]

/**
 * The agent's metrics, by Cilium's names and labels. Drivers report through the observers; what is a state rather
 * than an event is read when Prometheus scrapes.
 */
export type AgentMetrics = Readonly<{
  registry: Registry
  bpf: (event: BpfEvent) => void
  compile: (event: CompileEvent) => void
  kvstore: (event: KvOperationEvent) => void
  kvstoreQuorumError: (event: QuorumError) => void
  k8s: (event: K8sCallEvent) => void
  reflector: (event: ReflectorEvent) => void
  api: (event: AgentApiEvent) => void
  cniStep: (step: CniStep, durationMs: number) => void
  datapath: DatapathObserver
  bootstrap: (event: { step: string; outcome: 'success' | 'fail'; durationMs: number }) => void
  /** Registers what is read at scrape time. */
  watch(visible: Visible): void
}>

export function createAgentMetrics(): AgentMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, prefix: 'cilium_', eventLoopMonitoringPrecision })
  const histogram = (name: string, help: string, labelNames: string[], buckets = remoteBuckets) =>
    new Histogram({ name, help, labelNames, buckets, registers })
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers })

  const syscalls = histogram(
    'cilium_bpf_syscall_duration_seconds',
    'bpf(2) calls',
    ['operation', 'outcome'],
    syscallBuckets,
  )
  const mapOperations = counter('cilium_bpf_map_ops_total', 'changes of maps', [
    'mapName',
    'operation',
    'outcome',
  ])
  const kvOperations = histogram('cilium_kvstore_operations_duration_seconds', 'kvstore calls', [
    'scope',
    'kind',
    'action',
    'outcome',
  ])
  const kvQueue = histogram(
    'cilium_kvstore_events_queue_seconds',
    'time that calls waited for the rate limit',
    ['scope', 'action'],
  )
  const kvQuorumErrors = counter(
    'cilium_kvstore_quorum_errors_total',
    'checks that most members of the kvstore did not confirm',
    ['error'],
  )
  const apiLatency = histogram('cilium_k8s_client_api_latency_time_seconds', 'apiserver calls', [
    'path',
    'method',
  ])
  const apiCalls = counter('cilium_k8s_client_api_calls_total', 'apiserver calls by result', [
    'host',
    'method',
    'return_code',
  ])
  const ownApi = histogram('cilium_agent_api_process_time_seconds', 'calls of the agent API', [
    'path',
    'method',
    'return_code',
  ])
  const steps = histogram(
    'cilium_endpoint_regeneration_time_stats_seconds',
    'steps of realising an endpoint',
    ['scope', 'status'],
    syscallBuckets,
  )
  const regenerations = counter('cilium_endpoint_regenerations_total', 'endpoints realised', ['outcome'])
  const gcRuns = counter('cilium_datapath_conntrack_gc_runs_total', 'conntrack collections', [
    'family',
    'protocol',
    'status',
  ])
  const gcEntries = new Gauge({
    name: 'cilium_datapath_conntrack_gc_entries',
    help: 'entries at the last collection',
    labelNames: ['family', 'protocol', 'status'],
    registers,
  })
  const gcDuration = histogram('cilium_datapath_conntrack_gc_duration_seconds', 'conntrack collections', [
    'family',
    'protocol',
    'status',
  ])
  const received = counter('cilium_kubernetes_events_received_total', 'watch events', [
    'scope',
    'action',
    'valid',
    'equal',
  ])
  const processed = counter('cilium_kubernetes_events_total', 'watch events that changed something', [
    'scope',
    'action',
    'status',
  ])
  const subprocesses = counter('cilium_subprocess_start_total', 'processes started', ['subsystem'])

  const bootstrap = histogram(
    'cilium_agent_bootstrap_seconds',
    'attempts at the steps of the start',
    ['scope', 'outcome'],
    bootstrapBuckets,
  )

  const observeStep = (scope: string, durationMs: number) =>
    steps.observe({ scope, status: 'success' }, durationMs / 1000)

  return {
    registry,
    bpf({ operation, object, durationMs, errno }) {
      // A key that is not there is an answer.
      const outcome = errno === undefined || errno === constants.errno.ENOENT ? 'success' : 'fail'
      syscalls.observe({ operation, outcome }, durationMs / 1000)
      if (operation === 'map_update' || operation === 'map_delete') {
        mapOperations.inc({ mapName: object, operation: operation.slice(4), outcome })
      }
    },
    kvstore({ scope, kind, operation, outcome, durationMs, queuedMs }) {
      kvOperations.observe({ scope, kind, action: operation, outcome }, durationMs / 1000)
      kvQueue.observe({ scope, action: operation }, queuedMs / 1000)
    },
    kvstoreQuorumError: ({ error }) => kvQuorumErrors.inc({ error }),
    compile: ({ outcome }) => {
      if (outcome === 'compiled' || outcome === 'failed') subprocesses.inc({ subsystem: 'clang' })
    },
    k8s({ method, resource, code, durationMs }) {
      apiLatency.observe({ path: resource, method }, durationMs / 1000)
      apiCalls.inc({ host: 'apiserver', method, return_code: code })
    },
    reflector(event) {
      if (event.kind !== 'event' && event.kind !== 'invalid') return
      const action = event.kind === 'event' ? (actions[event.action] ?? event.action) : 'unknown'
      const equal = event.kind === 'event' && !event.needed
      const labels = { scope: event.resource, action }
      received.inc({ ...labels, valid: String(event.kind === 'event'), equal: String(equal) })
      if (event.kind === 'event' && event.needed) processed.inc({ ...labels, status: 'success' })
    },
    api({ path, method, code, durationMs }) {
      ownApi.observe({ path, method, return_code: String(code) }, durationMs / 1000)
    },
    cniStep: observeStep,
    datapath: {
      endpointStep: observeStep,
      endpoint: (outcome) => regenerations.inc({ outcome }),
      conntrackGc({ entries, deleted, durationMs }) {
        const labels = { family: 'ipv4', protocol: 'all' }
        gcRuns.inc({ ...labels, status: 'completed' })
        gcEntries.set({ ...labels, status: 'alive' }, entries - deleted)
        gcEntries.set({ ...labels, status: 'deleted' }, deleted)
        gcDuration.observe({ ...labels, status: 'completed' }, durationMs / 1000)
      },
    },
    bootstrap: ({ step, outcome, durationMs }) =>
      bootstrap.observe({ scope: step, outcome }, durationMs / 1000),
    watch: (visible) => watchState(registry, visible),
  }
}
