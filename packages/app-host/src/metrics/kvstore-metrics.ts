import type { KvOperationEvent, KvWatchEvent, QuorumError } from '@axoneme/kvstore'
import type { MetricFamilies } from './families.ts'

export type KvstoreMetrics = Readonly<{
  operation: (event: KvOperationEvent) => void
  watched: (event: KvWatchEvent) => void
  quorumError: (event: QuorumError) => void
}>

export function createKvstoreMetrics({ counter, histogram }: MetricFamilies): KvstoreMetrics {
  const operations = histogram({
    name: 'kvstore_operations_duration_seconds',
    help: 'kvstore calls, without their wait for the rate limit',
    labels: ['scope', 'kind', 'action', 'outcome'],
  })
  const waits = histogram({
    name: 'kvstore_rate_limit_seconds',
    help: 'time that kvstore calls waited for the rate limit',
    labels: ['scope', 'action'],
  })
  const queue = histogram({
    name: 'kvstore_events_queue_seconds',
    help: 'time that watch events waited, from their arrival until they were taken',
    labels: ['scope', 'action'],
  })
  const quorumErrors = counter({
    name: 'kvstore_quorum_errors_total',
    help: 'checks that most members of the kvstore did not confirm',
    labels: ['error'],
  })
  return {
    operation({ scope, kind, operation, outcome, durationMs, queuedMs }) {
      operations.observe({ scope, kind, action: operation, outcome }, durationMs / 1000)
      waits.observe({ scope, action: operation }, queuedMs / 1000)
    },
    watched: ({ scope, action, queuedMs }) => queue.observe({ scope, action }, queuedMs / 1000),
    quorumError: ({ error }) => quorumErrors.inc({ error }),
  }
}
