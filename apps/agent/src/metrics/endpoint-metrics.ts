import type { AgentApiEvent } from '@axoneme/agent-api'
import type { MetricFamilies } from '@axoneme/app-host'
import type { PodKnownEvent } from '@axoneme/endpoint'
import type { PoolEvent } from '@axoneme/ipam'
import { kernelBuckets } from './buckets.ts'

export type EndpointMetrics = Readonly<{
  api: (event: AgentApiEvent) => void
  /** A step of an endpoint's way, of those that succeeded. */
  step: (scope: string, durationMs: number) => void
  regeneration: (outcome: 'success' | 'fail') => void
  podKnown: (event: PodKnownEvent) => void
  address: (event: PoolEvent) => void
}>

/** The way of endpoints: calls of the agent's API, CNI's among them, addresses, the steps into the datapath. */
export function createEndpointMetrics({ counter, gauge, histogram }: MetricFamilies): EndpointMetrics {
  const calls = histogram({
    name: 'agent_api_process_time_seconds',
    help: 'calls of the agent API, CNI calls among them',
    labels: ['path', 'method', 'return_code'],
  })
  const steps = histogram({
    name: 'endpoint_regeneration_time_stats_seconds',
    help: 'steps of realising an endpoint, their total, and what CNI calls waited for',
    labels: ['scope', 'status'],
    buckets: kernelBuckets,
  })
  const regenerations = counter({
    name: 'endpoint_regenerations_total',
    help: 'endpoints realised',
    labels: ['outcome'],
  })
  const regenerationsBefore = counter({
    name: 'endpoint_regenerations',
    help: 'endpoint_regenerations_total by its name in Cilium 1.5',
    labels: ['outcome'],
  })
  const lag = gauge({
    name: 'k8s_event_lag_seconds',
    help: 'how much later than the last CNI ADD the apiserver told of its pod; 0: before it',
    labels: ['source'],
  })
  const poolEvents = counter({
    name: 'ipam_events_total',
    help: 'addresses given to pods and taken back',
    labels: ['action', 'family'],
  })
  const addresses = gauge({ name: 'ip_addresses', help: 'pod addresses in use', labels: ['family'] })
  const capacity = gauge({
    name: 'ipam_capacity',
    help: 'pod addresses that the node has, in use or not',
    labels: ['family'],
  })
  return {
    api: ({ path, method, code, durationMs }) =>
      calls.observe({ path, method, return_code: String(code) }, durationMs / 1000),
    step: (scope, durationMs) => steps.observe({ scope, status: 'success' }, durationMs / 1000),
    regeneration(outcome) {
      regenerations.inc({ outcome })
      regenerationsBefore.inc({ outcome })
    },
    podKnown: ({ waitedMs }) => lag.set({ source: 'k8s' }, waitedMs / 1000),
    address({ action, family, used, capacity: all }) {
      poolEvents.inc({ action, family })
      addresses.set({ family }, used)
      capacity.set({ family }, all)
    },
  }
}
