import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { notBuilt } from './not-built.ts'
import { agentRegistry, metricsOf, operatorRegistry } from './registries.ts'
import { inRepository } from './repository.ts'

type Wanted = Readonly<{ name: string; type: string; labels: readonly string[] }>

/** `name TYPE label,label`, as in the releases after 1.5; of ../shared/reference.md 1(j) what the file does not have. */
const later = `
cilium_endpoint_count gauge
cilium_endpoint_regenerations_total counter outcome
cilium_endpoint_state gauge endpoint_state
cilium_unreachable_nodes gauge
cilium_unreachable_health_endpoints gauge
cilium_triggers_policy_update_total counter reason
cilium_triggers_policy_update_folds gauge
cilium_triggers_policy_update_call_duration_seconds histogram type
cilium_identity_count gauge
cilium_controllers_group_runs_total counter status,group_name
cilium_k8s_client_api_calls_total counter host,method,return_code
cilium_k8s_event_lag_seconds gauge source
cilium_kvstore_quorum_errors_total counter error
cilium_kvstore_sync_queue_size gauge scope,source_cluster
cilium_kvstore_initial_sync_completed gauge scope,source_cluster,action
cilium_ip_addresses gauge family
cilium_ipam_capacity gauge family
cilium_agent_bootstrap_seconds histogram scope,outcome
cilium_nodes_all_num gauge
cilium_nodes_all_events_received_total counter event_type,source
cilium_nodes_all_datapath_validations_total counter
cilium_bpf_map_pressure gauge map_name
cilium_process_cpu_seconds_total counter
cilium_process_resident_memory_bytes gauge
cilium_process_virtual_memory_bytes gauge
cilium_process_start_time_seconds gauge
cilium_process_open_fds gauge
cilium_process_max_fds gauge
cilium_api_limiter_adjustment_factor gauge api_call
cilium_api_limiter_processed_requests_total counter api_call,outcome,return_code
cilium_api_limiter_processing_duration_seconds gauge api_call,value
cilium_api_limiter_rate_limit gauge api_call,value
cilium_api_limiter_requests_in_flight gauge api_call,value
cilium_api_limiter_wait_duration_seconds gauge api_call,value
cilium_api_limiter_wait_history_duration_seconds histogram api_call
cilium_operator_process_cpu_seconds_total counter
cilium_operator_process_resident_memory_bytes gauge
cilium_operator_process_start_time_seconds gauge
cilium_operator_process_open_fds gauge
cilium_operator_identity_gc_entries gauge status,identity_type
cilium_operator_identity_gc_runs counter outcome,identity_type
cilium_operator_endpoint_gc_objects counter outcome
cilium_operator_errors_warnings_total counter level,subsystem
cilium_operator_number_of_ceps_per_ces histogram
cilium_operator_ces_queueing_delay_seconds histogram
cilium_operator_ces_sync_errors_total counter
cilium_operator_ipam_ips gauge type
`

function laterMetrics(): Wanted[] {
  return later
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', type = '', labels] = line.split(' ')
      return { name, type, labels: labels?.split(',') ?? [] }
    })
}

function metricsOf15(): Wanted[] {
  const text = readFileSync(inRepository('../shared/data/cilium/metrics-1.5.tsv'), 'utf8')
  const lines = text.trim().split('\n').slice(1)
  return lines.map((line) => {
    const [name = '', type = '', labels = ''] = line.split('\t')
    // A label with a fixed value is written `const:"source": VALUE`.
    const fixed = /const:"(\w+)"/.exec(labels)?.[1]
    return {
      name,
      type,
      labels: fixed === undefined ? labels.split(',').filter((label) => label !== '') : [fixed],
    }
  })
}

const registered = new Map(
  [agentRegistry(), operatorRegistry()].flatMap(metricsOf).map((metric) => [metric.name, metric]),
)

describe.each([
  { list: 'Cilium 1.5', metrics: metricsOf15() },
  { list: 'later releases', metrics: laterMetrics() },
])('metrics of $list', ({ metrics }) => {
  it.each(metrics)('$name', ({ name, type, labels }) => {
    const metric = registered.get(name)
    if (metric === undefined) {
      expect(notBuilt[name], `${name} is not registered, and nothing says why`).toBeDefined()
      return
    }
    expect(notBuilt[name], `${name} is registered`).toBeUndefined()
    expect({ type: metric.type, labels: [...metric.labelNames].sort() }).toEqual({
      type,
      labels: [...labels].sort(),
    })
  })
})

it('the lists are whole', () => {
  expect(metricsOf15().length).toBeGreaterThan(40)
  const names = new Set([...metricsOf15(), ...laterMetrics()].map(({ name }) => name))
  expect(Object.keys(notBuilt).filter((name) => !names.has(name))).toEqual([])
})
