import type { BpfEvent } from '@axoneme/bpf'
import type { KvOperationEvent } from '@axoneme/kvstore'
import type { Table } from '@axoneme/tables'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Kernel calls take microseconds, calls over the network milliseconds to seconds. */
const syscallBuckets = [0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 1]
const remoteBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30]

export type DatapathCount = Readonly<{ reason: string; direction: string; packets: number; bytes: number }>

/**
 * The agent's metrics, by Cilium's names and labels. Drivers report through the observers; what is a state rather
 * than an event is read when Prometheus scrapes.
 */
export type AgentMetrics = Readonly<{
  registry: Registry
  bpf: (event: BpfEvent) => void
  kvstore: (event: KvOperationEvent) => void
  k8s: (event: { verb: string; resource: string; code: number | string; durationMs: number }) => void
  api: (event: { path: string; method: string; code: number; durationMs: number }) => void
  endpointStep: (step: string, durationMs: number) => void
  endpointRegeneration: (outcome: 'success' | 'fail') => void
  conntrackGc: (run: { entries: number; deleted: number; durationMs: number }) => void
  subprocess: (subsystem: string) => void
  /** Registers what is read at scrape time. */
  watch(sources: MetricSources): void
}>

export type MetricSources = Readonly<{
  endpoints: Table<unknown>
  identities: Table<unknown>
  policies: Table<unknown>
  nodes: Table<unknown>
  services: Table<unknown>
  addressesInUse: () => number
  datapath: () => readonly DatapathCount[]
  /** Full share (0 to 1) of the maps that have a size, by name. */
  mapPressure: () => ReadonlyMap<string, number>
}>

export function createAgentMetrics(): AgentMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, prefix: 'cilium_' })
  const histogram = (name: string, help: string, labelNames: string[], buckets = remoteBuckets) =>
    new Histogram({ name, help, labelNames, buckets, registers })
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers })

  const syscalls = histogram('cilium_bpf_syscall_duration_seconds', 'bpf(2) calls', ['operation', 'outcome'], syscallBuckets)
  const mapOperations = counter('cilium_bpf_map_ops_total', 'changes of maps', ['mapName', 'operation', 'outcome'])
  const kvOperations = histogram('cilium_kvstore_operations_duration_seconds', 'kvstore calls', ['scope', 'kind', 'action', 'outcome'])
  const kvQueue = histogram('cilium_kvstore_events_queue_seconds', 'time that calls waited for the rate limit', ['scope', 'action'])
  const apiLatency = histogram('cilium_k8s_client_api_latency_time_seconds', 'apiserver calls', ['path', 'method'])
  const apiCalls = counter('cilium_k8s_client_api_calls_total', 'apiserver calls by result', ['host', 'method', 'return_code'])
  const ownApi = histogram('cilium_agent_api_process_time_seconds', 'calls of the agent API', ['path', 'method', 'return_code'])
  const steps = histogram('cilium_endpoint_regeneration_time_stats_seconds', 'steps of realising an endpoint', ['scope', 'status'], syscallBuckets)
  const regenerations = counter('cilium_endpoint_regenerations_total', 'endpoints realised', ['outcome'])
  const gcRuns = counter('cilium_datapath_conntrack_gc_runs_total', 'conntrack collections', ['family', 'protocol', 'status'])
  const gcEntries = new Gauge({ name: 'cilium_datapath_conntrack_gc_entries', help: 'entries at the last collection', labelNames: ['family', 'protocol', 'status'], registers })
  const gcDuration = histogram('cilium_datapath_conntrack_gc_duration_seconds', 'conntrack collections', ['family', 'protocol', 'status'])
  const subprocesses = counter('cilium_subprocess_start_total', 'processes started', ['subsystem'])

  return {
    registry,
    bpf({ operation, object, durationMs, errno }) {
      const outcome = errno === undefined ? 'success' : 'fail'
      syscalls.observe({ operation, outcome }, durationMs / 1000)
      if (operation === 'map_update' || operation === 'map_delete') {
        mapOperations.inc({ mapName: object, operation: operation.slice(4), outcome })
      }
    },
    kvstore({ scope, kind, operation, outcome, durationMs, queuedMs }) {
      kvOperations.observe({ scope, kind, action: operation, outcome }, durationMs / 1000)
      kvQueue.observe({ scope, action: operation }, queuedMs / 1000)
    },
    k8s({ verb, resource, code, durationMs }) {
      apiLatency.observe({ path: resource, method: verb }, durationMs / 1000)
      apiCalls.inc({ host: 'apiserver', method: verb, return_code: String(code) })
    },
    api({ path, method, code, durationMs }) {
      ownApi.observe({ path, method, return_code: String(code) }, durationMs / 1000)
    },
    endpointStep: (scope, durationMs) => steps.observe({ scope, status: 'success' }, durationMs / 1000),
    endpointRegeneration: (outcome) => regenerations.inc({ outcome }),
    conntrackGc({ entries, deleted, durationMs }) {
      const labels = { family: 'ipv4', protocol: 'all' }
      gcRuns.inc({ ...labels, status: 'completed' })
      gcEntries.set({ ...labels, status: 'alive' }, entries - deleted)
      gcEntries.set({ ...labels, status: 'deleted' }, deleted)
      gcDuration.observe({ ...labels, status: 'completed' }, durationMs / 1000)
    },
    subprocess: (subsystem) => subprocesses.inc({ subsystem }),
    watch: (sources) => watchSources(registry, sources),
  }
}

function watchSources(registry: Registry, sources: MetricSources): void {
  const registers = [registry]
  const size = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  size('cilium_endpoint_count', 'endpoints of this node', () => sources.endpoints.size)
  size('cilium_identity_count', 'identities known', () => sources.identities.size)
  size('cilium_policy_count', 'network policies', () => sources.policies.size)
  size('cilium_policy_max_revision', 'changes of the policies so far', () => sources.policies.revision)
  size('cilium_nodes_all_num', 'nodes known', () => sources.nodes.size)
  size('cilium_services_count', 'service addresses', () => sources.services.size)
  size('cilium_ip_addresses', 'pod addresses in use', sources.addressesInUse)
  new Gauge({
    name: 'cilium_bpf_map_pressure',
    help: 'full share of a map',
    labelNames: ['map_name'],
    registers,
    collect() {
      for (const [map_name, share] of sources.mapPressure()) this.set({ map_name }, share)
    },
  })
  watchDatapath(registry, sources.datapath)
}

function watchDatapath(registry: Registry, read: () => readonly DatapathCount[]): void {
  const isForward = (count: DatapathCount) => count.reason === 'forwarded'
  const sums = (kind: 'drop' | 'forward', unit: 'packets' | 'bytes') =>
    new Counter({
      name: `cilium_${kind}_${unit === 'packets' ? 'count' : 'bytes'}_total`,
      help: `${unit} that the datapath ${kind === 'drop' ? 'dropped' : 'forwarded'}`,
      labelNames: kind === 'drop' ? ['reason', 'direction'] : ['direction'],
      registers: [registry],
      collect() {
        // The kernel counts; a counter here only repeats its absolute values.
        this.reset()
        for (const count of read()) {
          if (isForward(count) !== (kind === 'forward')) continue
          const { reason, direction } = count
          this.inc(kind === 'drop' ? { reason, direction } : { direction }, count[unit])
        }
      },
    })
  for (const unit of ['packets', 'bytes'] as const) {
    sums('drop', unit)
    sums('forward', unit)
  }
}
