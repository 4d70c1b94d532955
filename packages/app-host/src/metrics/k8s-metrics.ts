import type { K8sCallEvent } from '@axoneme/k8s-client'
import type { MetricFamilies } from './families.ts'

/** What reflectors tell, as far as it is counted. */
type WatchedEvent =
  | Readonly<{ kind: 'event'; resource: string; action: 'ADDED' | 'MODIFIED' | 'DELETED'; needed: boolean }>
  | Readonly<{ kind: 'self-check'; resource: string; outcome: string }>
  | Readonly<{ kind: 'invalid' | 'list' | 'watch' | 'failure'; resource: string }>

export type K8sMetrics = Readonly<{
  call: (event: K8sCallEvent) => void
  reflector: (event: WatchedEvent) => void
}>

/** The words of Cilium's label `action`. */
const actions = { ADDED: 'create', MODIFIED: 'update', DELETED: 'delete' } as const

/** Calls to the apiserver, and what watching it gave. */
export function createK8sMetrics({ counter, histogram }: MetricFamilies): K8sMetrics {
  const latency = histogram({
    name: 'k8s_client_api_latency_time_seconds',
    help: 'apiserver calls, a watch until it is open',
    labels: ['path', 'method'],
  })
  const calls = counter({
    name: 'k8s_client_api_calls_total',
    help: 'apiserver calls by result',
    labels: ['host', 'method', 'return_code'],
  })
  const received = counter({
    name: 'kubernetes_events_received_total',
    help: 'watch events',
    labels: ['scope', 'action', 'valid', 'equal'],
  })
  const processed = counter({
    name: 'kubernetes_events_total',
    help: 'watch events that changed something',
    labels: ['scope', 'action', 'status'],
  })
  const lists = counter({
    name: 'k8s_lists_total',
    help: 'how often all objects of a kind were read',
    labels: ['scope'],
  })
  const failures = counter({
    name: 'k8s_watch_failures_total',
    help: 'lists and watches that failed and were begun again',
    labels: ['scope'],
  })
  const selfChecks = counter({
    name: 'k8s_self_checks_total',
    help: 'comparisons of what is known with the apiserver, by what they found',
    labels: ['scope', 'outcome'],
  })
  return {
    call({ method, resource, host, code, durationMs }) {
      latency.observe({ path: resource, method }, durationMs / 1000)
      calls.inc({ host, method, return_code: code })
    },
    reflector(event) {
      const scope = event.resource
      switch (event.kind) {
        case 'event': {
          const labels = { scope, action: actions[event.action] }
          received.inc({ ...labels, valid: 'true', equal: String(!event.needed) })
          if (event.needed) processed.inc({ ...labels, status: 'success' })
          break
        }
        case 'invalid':
          received.inc({ scope, action: 'unknown', valid: 'false', equal: 'false' })
          processed.inc({ scope, action: 'unknown', status: 'failed' })
          break
        case 'list':
          lists.inc({ scope })
          break
        case 'failure':
          failures.inc({ scope })
          break
        case 'self-check':
          selfChecks.inc({ scope, outcome: event.outcome })
          break
      }
    },
  }
}
