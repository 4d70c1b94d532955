import { expect, it } from 'vitest'
import { readAgentMetrics, stepsBetween } from './agent-metrics.ts'

const text = (
  link: number,
  calls: number,
) => `# HELP cilium_agent_api_process_time_seconds calls of the agent API
# TYPE cilium_agent_api_process_time_seconds histogram
cilium_agent_api_process_time_seconds_bucket{le="0.05",path="/v1/cni",method="POST",return_code="200"} 3
cilium_agent_api_process_time_seconds_sum{path="/v1/cni",method="POST",return_code="200"} ${calls}
cilium_agent_api_process_time_seconds_sum{path="/v1/cni",method="POST",return_code="503"} 0.5
cilium_agent_api_process_time_seconds_sum{path="/v1/metrics",method="GET",return_code="200"} 9
cilium_endpoint_regeneration_time_stats_seconds_sum{scope="link",status="success"} ${link}
cilium_endpoint_regeneration_time_stats_seconds_count{scope="link",status="success"} 4
cilium_nodejs_eventloop_lag_seconds 7
cilium_nodejs_eventloop_lag_max_seconds 0.0125
`

it('reads what concerns CNI calls, and nothing else', () => {
  expect(readAgentMetrics(text(0.25, 1))).toEqual({
    steps: new Map([['link', 0.25]]),
    callsSeconds: 1.5,
    loopLagMaxSeconds: 0.0125,
  })
  expect(readAgentMetrics('')).toEqual({ steps: new Map(), callsSeconds: 0, loopLagMaxSeconds: 0 })
})

it('the time between two readings is in milliseconds, also of a step that is new', () => {
  const before = { ...readAgentMetrics(text(0.25, 1)), steps: new Map() }
  expect(stepsBetween(before, readAgentMetrics(text(0.5, 1.25)))).toEqual({ call: 250, link: 500 })
})
