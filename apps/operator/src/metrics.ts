import type { K8sCallEvent } from '@axoneme/k8s-client'
import type { KvOperationEvent, QuorumError } from '@axoneme/kvstore'
import type { IdentityGcRun, NodeCorrection } from '@axoneme/kvstore-sync'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

const remoteBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30]

/** The operator's metrics, by Cilium's names and labels. Those of a leader's work say nothing while this one follows. */
export type OperatorMetrics = Readonly<{
  registry: Registry
  k8s: (event: K8sCallEvent) => void
  kvstore: (event: KvOperationEvent) => void
  kvstoreQuorumError: (event: QuorumError) => void
  leading: (leading: boolean) => void
  identityGc: (run: IdentityGcRun) => void
  endpointGc: (outcome: 'success' | 'fail') => void
  nodeEntry: (correction: Pick<NodeCorrection, 'kind'>) => void
}>

export function createOperatorMetrics({ leaseName = 'cilium-operator-resource-lock' } = {}): OperatorMetrics {
  const registry = new Registry()
  const registers = [registry]
  const prefix = 'cilium_operator_'
  collectDefaultMetrics({ register: registry, prefix })
  const buckets = remoteBuckets
  const kv = new Histogram({
    name: `${prefix}kvstore_operations_duration_seconds`,
    help: 'kvstore calls',
    labelNames: ['scope', 'kind', 'action', 'outcome'],
    buckets,
    registers,
  })
  const quorumErrors = new Counter({
    name: `${prefix}kvstore_quorum_errors_total`,
    help: 'checks that most members of the kvstore did not confirm',
    labelNames: ['error'],
    registers,
  })
  const latency = new Histogram({
    name: `${prefix}k8s_client_api_latency_time_seconds`,
    help: 'apiserver calls',
    labelNames: ['path', 'method'],
    buckets,
    registers,
  })
  const calls = new Counter({
    name: `${prefix}k8s_client_api_calls_total`,
    help: 'apiserver calls by result',
    labelNames: ['host', 'method', 'return_code'],
    registers,
  })
  // Every component of Kubernetes that elects a leader tells so by this name.
  const leader = new Gauge({
    name: 'leader_election_master_status',
    help: '1 while this process leads, 0 while it follows',
    labelNames: ['name'],
    registers,
  })
  const gcEntries = new Gauge({
    name: `${prefix}identity_gc_entries`,
    help: 'identities at the last collection',
    labelNames: ['status', 'identity_type'],
    registers,
  })
  const gcRuns = new Counter({
    name: `${prefix}identity_gc_runs`,
    help: 'identity collections',
    labelNames: ['outcome', 'identity_type'],
    registers,
  })
  const gcLatency = new Gauge({
    name: `${prefix}identity_gc_latency`,
    help: 'duration of the last identity collection in seconds',
    labelNames: ['outcome', 'identity_type'],
    registers,
  })
  const endpoints = new Counter({
    name: `${prefix}endpoint_gc_objects`,
    help: 'CiliumEndpoints without a pod that were removed, or could not be',
    labelNames: ['outcome'],
    registers,
  })
  const nodeEntries = new Counter({
    name: `${prefix}node_entries_total`,
    help: 'node entries handed over to the kvstore',
    labelNames: ['action'],
    registers,
  })
  leader.set({ name: leaseName }, 0)
  return {
    registry,
    k8s({ method, resource, code, durationMs }) {
      latency.observe({ path: resource, method }, durationMs / 1000)
      calls.inc({ host: 'apiserver', method, return_code: code })
    },
    kvstore({ scope, kind, operation, outcome, durationMs }) {
      kv.observe({ scope, kind, action: operation, outcome }, durationMs / 1000)
    },
    kvstoreQuorumError: ({ error }) => quorumErrors.inc({ error }),
    leading(leading) {
      leader.set({ name: leaseName }, leading ? 1 : 0)
      if (leading) return
      gcEntries.reset()
      gcLatency.reset()
    },
    identityGc(run) {
      const labels = { outcome: run.outcome, identity_type: 'kvstore' }
      gcRuns.inc(labels)
      gcLatency.set(labels, run.durationMs / 1000)
      if (run.outcome !== 'success') return
      gcEntries.set({ status: 'alive', identity_type: 'kvstore' }, run.checked - run.deleted)
      gcEntries.set({ status: 'deleted', identity_type: 'kvstore' }, run.deleted)
    },
    endpointGc: (outcome) => endpoints.inc({ outcome }),
    nodeEntry: ({ kind }) => nodeEntries.inc({ action: kind }),
  }
}
