import {
  createK8sMetrics,
  createKvstoreMetrics,
  createMetricFamilies,
  createProcessMetrics,
  type K8sMetrics,
  type KvstoreMetrics,
  type ProcessMetrics,
} from '@axoneme/app-host'
import type { ReflectorEvent } from '@axoneme/k8s-watchers'
import type { IdentityGcRun, NodeCorrection } from '@axoneme/kvstore-sync'
import { collectDefaultMetrics, Registry } from 'prom-client'

/** The operator's metrics, by Cilium's names and labels. Those of a leader's work say nothing while this one follows. */
export type OperatorMetrics = Readonly<{
  registry: Registry
  log: ProcessMetrics['log']
  k8s: K8sMetrics['call']
  reflector: (event: ReflectorEvent) => void
  kvstore: KvstoreMetrics['operation']
  kvstoreWatch: KvstoreMetrics['watched']
  kvstoreQuorumError: KvstoreMetrics['quorumError']
  leading: (leading: boolean) => void
  /** Runs of what carries the leader's decisions to the apiserver and the kvstore. */
  reconciler: ProcessMetrics['reconciler']
  identityGc: (run: IdentityGcRun) => void
  endpointGc: (outcome: 'success' | 'fail') => void
  nodeEntry: (correction: Pick<NodeCorrection, 'kind'>) => void
}>

export function createOperatorMetrics({ leaseName = 'cilium-operator-resource-lock' } = {}): OperatorMetrics {
  const registry = new Registry()
  const prefix = 'cilium_operator_'
  collectDefaultMetrics({ register: registry, prefix })
  const families = createMetricFamilies({ registry, prefix })
  const own = createProcessMetrics(families)
  const k8s = createK8sMetrics(families)
  const kvstore = createKvstoreMetrics(families)
  // Every component of Kubernetes that elects a leader tells so by this name.
  const leader = createMetricFamilies({ registry, prefix: '' }).gauge({
    name: 'leader_election_master_status',
    help: '1 while this process leads, 0 while it follows',
    labels: ['name'],
  })
  const gcEntries = families.gauge({
    name: 'identity_gc_entries',
    help: 'identities at the last collection',
    labels: ['status', 'identity_type'],
  })
  const gcRuns = families.counter({
    name: 'identity_gc_runs',
    help: 'identity collections',
    labels: ['outcome', 'identity_type'],
  })
  const gcLatency = families.gauge({
    name: 'identity_gc_latency',
    help: 'duration of the last identity collection in seconds',
    labels: ['outcome', 'identity_type'],
  })
  const spaceUsed = families.gauge({
    name: 'identity_space_used_ratio',
    help: 'share of the cluster’s identities that were allocated at the last collection',
  })
  const endpoints = families.counter({
    name: 'endpoint_gc_objects',
    help: 'CiliumEndpoints without a pod that were removed, or could not be',
    labels: ['outcome'],
  })
  const nodeEntries = families.counter({
    name: 'node_entries_total',
    help: 'node entries handed over to the kvstore',
    labels: ['action'],
  })
  leader.set({ name: leaseName }, 0)
  return {
    registry,
    log: own.log,
    k8s: k8s.call,
    reflector: k8s.reflector,
    kvstore: kvstore.operation,
    kvstoreWatch: kvstore.watched,
    kvstoreQuorumError: kvstore.quorumError,
    leading(leading) {
      leader.set({ name: leaseName }, leading ? 1 : 0)
      if (leading) return
      for (const gauge of [gcEntries, gcLatency, spaceUsed]) gauge.reset()
    },
    reconciler: own.reconciler,
    identityGc(run) {
      const labels = { outcome: run.outcome, identity_type: 'kvstore' }
      own.controller({ name: 'identity-gc', outcome: run.outcome, durationMs: run.durationMs })
      gcRuns.inc(labels)
      gcLatency.set(labels, run.durationMs / 1000)
      if (run.outcome !== 'success') return
      gcEntries.set({ status: 'alive', identity_type: 'kvstore' }, run.checked - run.deleted)
      gcEntries.set({ status: 'deleted', identity_type: 'kvstore' }, run.deleted)
      spaceUsed.set(run.usedRatio)
    },
    endpointGc: (outcome) => endpoints.inc({ outcome }),
    nodeEntry: ({ kind }) => nodeEntries.inc({ action: kind }),
  }
}
