import type { ApiLimitEvent } from '@axoneme/agent-api'
import {
  createK8sMetrics,
  createKvstoreMetrics,
  createMetricFamilies,
  createProcessMetrics,
  type K8sMetrics,
  type KvstoreMetrics,
  type ProcessMetrics,
} from '@axoneme/app-host'
import type { DatapathObserver } from '@axoneme/datapath'
import type { ReflectorEvent } from '@axoneme/k8s-watchers'
import type { ServiceRun } from '@axoneme/loadbalancer'
import type { PolicyRun } from '@axoneme/policy'
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { CniStep } from './cni.ts'
import { createApiLimiterMetrics, registerApiLimits } from './metrics/api-limiter-metrics.ts'
import { slowBuckets } from './metrics/buckets.ts'
import { type ControllerMetrics, createControllerMetrics } from './metrics/controller-metrics.ts'
import { createEndpointMetrics, type EndpointMetrics } from './metrics/endpoint-metrics.ts'
import { createKernelMetrics, type KernelMetrics } from './metrics/kernel-metrics.ts'
import { createLegacyMetrics } from './metrics/legacy-metrics.ts'
import { followNodes } from './metrics/node-events.ts'
import { createPolicyDelay, type PolicyDelay } from './metrics/policy-delay.ts'
import { createPolicyMetrics } from './metrics/policy-metrics.ts'
import { registerState } from './metrics/state-metrics.ts'
import type { Visible } from './views.ts'

/** Of nodejs_eventloop_lag_*: how often a timer looks, in ms. What it reports includes this period. */
const eventLoopMonitoringPrecision = 5

/**
 * The agent's metrics, by Cilium's names and labels. Drivers and controllers report through the observers; what is a
 * state rather than an event is read when Prometheus scrapes. docs/metrics.md lists them.
 */
export type AgentMetrics = Readonly<{
  registry: Registry
  log: ProcessMetrics['log']
  bootstrap: (event: { step: string; outcome: 'success' | 'fail'; durationMs: number }) => void
  k8s: K8sMetrics['call']
  reflector: (event: ReflectorEvent) => void
  kvstore: KvstoreMetrics['operation']
  kvstoreWatch: KvstoreMetrics['watched']
  kvstoreQuorumError: KvstoreMetrics['quorumError']
  bpf: KernelMetrics['bpf']
  compile: KernelMetrics['compile']
  datapath: DatapathObserver
  api: EndpointMetrics['api']
  apiLimit: (event: ApiLimitEvent) => void
  cniStep: (step: CniStep, durationMs: number) => void
  podKnown: EndpointMetrics['podKnown']
  address: EndpointMetrics['address']
  policy: (run: PolicyRun) => void
  services: (run: ServiceRun) => void
  /** What hears of the runs of a derivation. */
  derivation: ControllerMetrics['derivation']
  reconciler: ControllerMetrics['reconciler']
  /** Registers what is read at scrape time. */
  watch(visible: Visible, options?: { cluster?: string; isReady?: () => boolean }): void
  /** Counts what happens to the nodes, and when policies take effect, until the signal aborts. */
  follow(visible: Visible, signal: AbortSignal): Promise<void>
}>

export function createAgentMetrics(): AgentMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'cilium_', eventLoopMonitoringPrecision })
  const families = createMetricFamilies({ registry, prefix: 'cilium_' })
  const own = createProcessMetrics(families)
  const k8s = createK8sMetrics(families)
  const kvstore = createKvstoreMetrics(families)
  const legacy = createLegacyMetrics(families)
  const kernel = createKernelMetrics(families)
  const endpoints = createEndpointMetrics(families)
  const apiLimit = createApiLimiterMetrics(families)
  const policy = createPolicyMetrics(families)
  const controllers = createControllerMetrics(families, own)
  const bootstrap = families.histogram({
    name: 'agent_bootstrap_seconds',
    help: 'attempts at the steps of the start',
    labels: ['scope', 'outcome'],
    buckets: slowBuckets,
  })
  const lastEvents = families.gauge({
    name: 'event_ts',
    help: 'when the last event came, in seconds since 1970',
    labels: ['source'],
  })
  const nodeEvents = families.counter({
    name: 'nodes_all_events_received_total',
    help: 'nodes that came, changed and went',
    labels: ['event_type', 'source'],
  })
  const serviceEvents = families.counter({
    name: 'services_events_total',
    help: 'services that came, changed and went',
    labels: ['action'],
  })
  const serviceRuns = controllers.derivation('services')
  const policyRuns = controllers.derivation('policy')
  let delay: PolicyDelay | undefined
  return {
    registry,
    log: own.log,
    bootstrap: ({ step, outcome, durationMs }) =>
      bootstrap.observe({ scope: step, outcome }, durationMs / 1000),
    k8s(event) {
      k8s.call(event)
      legacy.k8s(event)
    },
    reflector(event) {
      k8s.reflector(event)
      if (event.kind !== 'event') return
      lastEvents.set({ source: 'k8s' }, Date.now() / 1000)
      if (event.needed && event.resource === 'networkpolicies') delay?.changed()
    },
    kvstore(event) {
      kvstore.operation(event)
      legacy.kvstore(event)
    },
    kvstoreWatch: kvstore.watched,
    kvstoreQuorumError: kvstore.quorumError,
    bpf: kernel.bpf,
    compile: kernel.compile,
    datapath: {
      endpointStep: endpoints.step,
      endpoint: endpoints.regeneration,
      conntrackGc: kernel.conntrackGc,
      conntrackGcFailed: kernel.conntrackGcFailed,
      reconcile: controllers.datapath,
    },
    api(event) {
      endpoints.api(event)
      lastEvents.set({ source: 'api' }, Date.now() / 1000)
    },
    apiLimit,
    cniStep: endpoints.step,
    podKnown: endpoints.podKnown,
    address: endpoints.address,
    policy(run) {
      policy.run(run)
      policyRuns(run)
      delay?.computed(run)
    },
    services(run) {
      serviceRuns(run)
      const { added: add, updated: update, deleted } = run
      for (const [action, count] of Object.entries({ add, update, delete: deleted })) {
        if (count > 0) serviceEvents.inc({ action }, count)
      }
    },
    derivation: controllers.derivation,
    reconciler: controllers.reconciler,
    watch(visible, { cluster = 'default', isReady = () => false } = {}) {
      registerApiLimits(families, () => visible.limiter?.states() ?? [])
      registerState(families, { visible, cluster, isReady })
      delay = createPolicyDelay({
        policies: visible.tables.policies,
        realised: () => visible.datapath?.endpoints.status,
        onImplemented: (delayMs) => policy.implemented({ source: 'k8s', delayMs }),
      })
    },
    async follow({ tables, datapath }, signal) {
      const onEvent = ({ type }: { type: string }) => nodeEvents.inc({ event_type: type, source: 'kvstore' })
      const enforcing = async () => {
        if (datapath === undefined) return
        using changes = datapath.endpoints.status.changes()
        for await (const _ of changes.batches(signal)) delay?.check()
      }
      await Promise.all([followNodes(tables.nodes, { onEvent, signal }), enforcing()])
    },
  }
}
