import type { ApiLimitEvent, ApiLimiter } from '@axoneme/agent-api'
import type { MetricFamilies, Sample } from '@axoneme/app-host'

type State = ReturnType<ApiLimiter['states']>[number]

const gauges: readonly Readonly<{
  name: string
  help: string
  /** In seconds where it is a time. */
  valuesOf: (state: State) => Readonly<Record<string, number>>
}>[] = [
  {
    name: 'api_limiter_requests_in_flight',
    help: 'calls of the agent API that are served, and how many may be (0: no limit)',
    valuesOf: ({ inFlight, limit }) => ({ 'in-flight': inFlight, limit: limit.parallelRequests }),
  },
  {
    name: 'api_limiter_rate_limit',
    help: 'calls of the agent API that may begin in a second (0: no limit), and at once',
    valuesOf: ({ limit }) => ({ limit: limit.ratePerSecond, burst: limit.rateBurst }),
  },
  {
    name: 'api_limiter_wait_duration_seconds',
    help: 'how long the last calls of the agent API waited for their turn, and how long they may (0: no limit)',
    valuesOf: ({ limit, meanWaitMs }) => ({ mean: meanWaitMs / 1000, max: limit.maxWaitMs / 1000 }),
  },
  {
    name: 'api_limiter_processing_duration_seconds',
    help: 'how long the last calls of the agent API took from their turn on',
    valuesOf: ({ meanProcessingMs }) => ({ mean: meanProcessingMs / 1000 }),
  },
]

/** What the agent API's limits do to its calls. Returns what hears of each call that came to its end. */
export function createApiLimiterMetrics({
  counter,
  histogram,
}: MetricFamilies): (event: ApiLimitEvent) => void {
  const processed = counter({
    name: 'api_limiter_processed_requests_total',
    help: 'calls of the agent API that have a limit: served, refused by it, or given up',
    labels: ['api_call', 'outcome', 'return_code'],
  })
  const waits = histogram({
    name: 'api_limiter_wait_history_duration_seconds',
    help: 'how long calls of the agent API waited for their turn, of those that had it',
    labels: ['api_call'],
  })
  return ({ call, outcome, returnCode, waitMs }) => {
    processed.inc({ api_call: call, outcome, return_code: String(returnCode) })
    if (outcome === 'success' || outcome === 'fail') waits.observe({ api_call: call }, waitMs / 1000)
  }
}

/** Registers the limits and how far they are used up, read at scrape time. */
export function registerApiLimits({ atScrape }: MetricFamilies, states: () => readonly State[]): void {
  for (const { name, help, valuesOf } of gauges) {
    atScrape({ name, help, labels: ['api_call', 'value'], type: 'gauge' }, function* (): Generator<Sample> {
      for (const state of states()) {
        for (const [value, amount] of Object.entries(valuesOf(state)))
          yield [{ api_call: state.call, value }, amount]
      }
    })
  }
}
