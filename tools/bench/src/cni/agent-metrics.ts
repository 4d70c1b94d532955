/** What an agent's metrics say about CNI calls, from its start on; only the event loop's lag begins anew at each reading. */
export type AgentReading = Readonly<{
  /** Seconds spent in each step of an endpoint's way into the datapath. */
  steps: ReadonlyMap<string, number>
  /** Seconds that CNI calls took, from the whole head of the request to the end of the answer. */
  callsSeconds: number
  /** Longest time between two looks of a timer at the event loop since the last reading; its period is part of it. */
  loopLagMaxSeconds: number
}>

const sample = /^(?<name>[a-z_]+)(?:\{(?<labels>[^}]*)\})? (?<value>\S+)$/
const label = /(\w+)="([^"]*)"/g

/** Reads Prometheus' text format. Samples of other metrics are passed over. */
export function readAgentMetrics(text: string): AgentReading {
  const steps = new Map<string, number>()
  let callsSeconds = 0
  let loopLagMaxSeconds = 0
  for (const line of text.split('\n')) {
    const { name, labels = '', value } = sample.exec(line)?.groups ?? {}
    const at = new Map(Array.from(labels.matchAll(label), ([, key = '', text = '']) => [key, text]))
    if (name === 'cilium_endpoint_regeneration_time_stats_seconds_sum') {
      steps.set(at.get('scope') ?? '', Number(value))
    } else if (name === 'cilium_agent_api_process_time_seconds_sum' && at.get('path') === '/v1/cni') {
      callsSeconds += Number(value)
    } else if (name === 'cilium_nodejs_eventloop_lag_max_seconds') loopLagMaxSeconds = Number(value)
  }
  return { steps, callsSeconds, loopLagMaxSeconds }
}

/** Milliseconds that each step took between two readings, `call` being the CNI calls as a whole. */
export function stepsBetween(before: AgentReading, after: AgentReading): Record<string, number> {
  const ms = (from: number, to: number) => (to - from) * 1000
  return {
    call: ms(before.callsSeconds, after.callsSeconds),
    ...Object.fromEntries(
      [...after.steps].map(([name, seconds]) => [name, ms(before.steps.get(name) ?? 0, seconds)]),
    ),
  }
}
