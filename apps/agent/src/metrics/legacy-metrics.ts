import { createMetricFamilies, type MetricFamilies } from '@axoneme/app-host'
import type { K8sCallEvent } from '@axoneme/k8s-client'
import type { KvOperationEvent } from '@axoneme/kvstore'

export type LegacyMetrics = Readonly<{
  k8s: (event: K8sCallEvent) => void
  kvstore: (event: KvOperationEvent) => void
}>

/** What Cilium 1.5 counted by names that later releases changed: dashboards have them still. */
export function createLegacyMetrics({ registry, counter }: MetricFamilies): LegacyMetrics {
  const calls = counter({
    name: 'k8s_client_api_calls_counter',
    help: 'k8s_client_api_calls_total by its name in Cilium 1.5',
    labels: ['host', 'method', 'return_code'],
  })
  // The one name without a prefix.
  const operations = createMetricFamilies({ registry, prefix: '' }).counter({
    name: 'kvstore_operations_total',
    help: 'kvstore calls, by the name of Cilium 1.5',
    labels: ['scope', 'kind', 'action', 'outcome'],
  })
  return {
    k8s: ({ host, method, code }) => calls.inc({ host, method, return_code: code }),
    kvstore: ({ scope, kind, operation, outcome }) =>
      operations.inc({ scope, kind, action: operation, outcome }),
  }
}
