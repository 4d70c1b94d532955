import type { K8sCallEvent } from '@axoneme/k8s-client'
import type { KvOperationEvent } from '@axoneme/kvstore'
import type { IdentityGcRun } from '@axoneme/kvstore-sync'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

const remoteBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30]

/** The operator's metrics, by Cilium's names and labels. */
export type OperatorMetrics = Readonly<{
  registry: Registry
  k8s: (event: K8sCallEvent) => void
  kvstore: (event: KvOperationEvent) => void
  identityGc: (run: IdentityGcRun) => void
}>

export function createOperatorMetrics(): OperatorMetrics {
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
  const gcEntries = new Gauge({
    name: `${prefix}identity_gc_entries`,
    help: 'identities at the last collection',
    labelNames: ['status'],
    registers,
  })
  const gcRuns = new Counter({
    name: `${prefix}identity_gc_runs`,
    help: 'identity collections',
    labelNames: ['outcome'],
    registers,
  })
  return {
    registry,
    k8s({ method, resource, code, durationMs }) {
      latency.observe({ path: resource, method }, durationMs / 1000)
      calls.inc({ host: 'apiserver', method, return_code: code })
    },
    kvstore({ scope, kind, operation, outcome, durationMs }) {
      kv.observe({ scope, kind, action: operation, outcome }, durationMs / 1000)
    },
    identityGc({ checked, deleted }) {
      gcEntries.set({ status: 'alive' }, checked - deleted)
      gcEntries.set({ status: 'deleted' }, deleted)
      gcRuns.inc({ outcome: 'success' })
    },
  }
}
