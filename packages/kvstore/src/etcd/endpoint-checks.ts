import { jitteredPeriod, type Period, sharedIntervals } from '@axoneme/backoff'
import { sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { type EndpointAnswer, type KvEndpoint, nextEndpoints, unasked } from './endpoint-state.ts'

/** How often endpoints are asked: while all is well, and while it is not. */
export type EndpointPeriods = Readonly<{ well: Period; failing: Period }>

export type EndpointChecksOptions = Readonly<{
  endpoints: readonly string[]
  /** Never rejects. */
  ask: (endpoint: string) => Promise<EndpointAnswer>
  /** Told of all of them each time they were asked, and of their not being asked yet at the start. */
  onEndpoints: (endpoints: readonly KvEndpoint[]) => void
  periods?: EndpointPeriods | undefined
  /** How many clients ask: they ask more rarely then. */
  nodeCount?: (() => number) | undefined
  random: () => number
  log: Logger
  nowMs?: () => number
}>

const defaultPeriods: EndpointPeriods = {
  well: sharedIntervals.kvstoreEndpoints.period,
  failing: sharedIntervals.kvstoreEndpointsFailing.period,
}

/**
 * Asks each endpoint of etcd from time to time how it is, for people: nothing else depends on it. Sooner while one of
 * them is not well, or while the store as a whole does not answer.
 */
export class EndpointChecks {
  readonly #options: EndpointChecksOptions
  #rows: readonly KvEndpoint[]
  #storeAnswers = false
  #waking: AbortController | undefined

  constructor(options: EndpointChecksOptions) {
    this.#options = options
    this.#rows = options.endpoints.map((endpoint) => ({ endpoint, ...unasked }))
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { ask, onEndpoints, nowMs = Date.now } = this.#options
    onEndpoints(this.#rows)
    while (await this.#pause(signal)) {
      const answers = await Promise.all(this.#rows.map(({ endpoint }) => ask(endpoint)))
      if (signal.aborted) return
      const rows = nextEndpoints(this.#rows, answers, nowMs())
      this.#logChanges(rows)
      this.#rows = rows
      onEndpoints(rows)
    }
  }

  /** Whether calls are answered, by whichever endpoint. */
  storeAnswers(answers: boolean): void {
    const failed = this.#storeAnswers && !answers
    this.#storeAnswers = answers
    if (failed) this.#waking?.abort()
  }

  /** Until it is time to ask again; false when the signal aborted. */
  async #pause(signal: AbortSignal): Promise<boolean> {
    const { periods = defaultPeriods, nodeCount = () => 0, random } = this.#options
    for (;;) {
      const isWell = this.#storeAnswers && this.#rows.every(({ state }) => state === 'ok')
      const delayMs = jitteredPeriod(isWell ? periods.well : periods.failing, {
        nodeCount: nodeCount(),
        random,
      })
      const waking = new AbortController()
      this.#waking = waking
      try {
        await sleep(delayMs, { signal: AbortSignal.any([signal, waking.signal]) })
        return true
      } catch {
        // Aborted: for good, or to wait anew for as long as the store's failure says.
        if (signal.aborted) return false
      }
    }
  }

  #logChanges(rows: readonly KvEndpoint[]): void {
    const { log } = this.#options
    for (const [i, { endpoint, state, role, detail }] of rows.entries()) {
      const before = this.#rows[i]?.state
      if (state === before) continue
      if (state !== 'ok') log.warn('endpoint is not well', { endpoint, state, detail })
      else if (before !== 'unknown') log.info('endpoint is well again', { endpoint, role })
    }
  }
}
