import type { LeaderLease, LeaseRecord, StoredLease } from '@axoneme/k8s-writers'
import { createLogger } from '@axoneme/log'
import type { ElectionTiming } from '../leadership/candidate.ts'
import { runElection } from '../leadership/election.ts'
import { VirtualTime } from './virtual-time.ts'

/** What goes wrong; shares are of calls, from 0 to 1. `slow` ones take up to `maxLatencyMs` each way. */
export type Weather = Readonly<{
  maxLatencyMs: number
  slow: number
  lost: number
  refused: number
  stalls: number
}>

export type MachineClock = Readonly<{ offsetMs: number; rate: number }>

/** Operators with clocks of their own that compete for one lease over a bad network, in virtual time. */
export class SimulatedCluster {
  readonly time = new VirtualTime()
  weather: Weather = { maxLatencyMs: 1, slow: 0, lost: 0, refused: 0, stalls: 0 }
  lease: StoredLease | undefined
  readonly machines: Machine[]
  readonly random: () => number
  #version = 0

  constructor(
    clocks: readonly MachineClock[],
    { timing, random }: { timing: ElectionTiming; random: () => number },
  ) {
    this.random = random
    this.machines = clocks.map((clock, i) => new Machine(this, { name: `operator-${i}`, clock, timing }))
  }

  leading(): Machine[] {
    return this.machines.filter((machine) => machine.isWorking())
  }

  store(record: LeaseRecord): StoredLease {
    this.lease = { record, resourceVersion: String(++this.#version) }
    return this.lease
  }
}

export class Machine {
  readonly name: string
  readonly ended: Promise<void>
  terms = 0
  readonly #cluster: SimulatedCluster
  readonly #clock: MachineClock
  readonly #stop = new AbortController()
  #working: AbortSignal | undefined
  #stalledUntilMs = 0

  constructor(
    cluster: SimulatedCluster,
    { name, clock, timing }: { name: string; clock: MachineClock; timing: ElectionTiming },
  ) {
    this.#cluster = cluster
    this.#clock = clock
    this.name = name
    this.ended = runElection({
      lease: this.#lease(),
      identity: name,
      timing,
      retry: { baseMs: 2_000, jitter: 0.2 },
      lead: (signal) => this.#work(signal),
      log: createLogger({ sink: () => {}, level: 'error' }),
      signal: this.#stop.signal,
      random: cluster.random,
      nowMs: () => clock.offsetMs + cluster.time.nowMs * clock.rate,
      wait: (delayMs, signal) => this.#wait(delayMs, signal),
      date: () => new Date(0),
    })
  }

  /** A process that is stalled does nothing, whatever it believes to be. */
  isWorking(): boolean {
    return this.#working?.aborted === false && this.#cluster.time.nowMs >= this.#stalledUntilMs
  }

  stop(): void {
    this.#stop.abort(new DOMException('stopped', 'AbortError'))
  }

  async #work(signal: AbortSignal): Promise<void> {
    this.terms++
    this.#working = signal
    await this.#cluster.time.until(Number.MAX_SAFE_INTEGER, signal)
  }

  /** By this machine's clock; whatever is due during a stall happens at its end. */
  async #wait(delayMs: number, signal: AbortSignal): Promise<void> {
    const { time } = this.#cluster
    await time.until(time.nowMs + delayMs / this.#clock.rate, signal)
    while (time.nowMs < this.#stalledUntilMs) await time.until(this.#stalledUntilMs)
    signal.throwIfAborted()
  }

  #lease(): LeaderLease {
    const { time } = this.#cluster
    const call = async <T>(act: () => T, signal: AbortSignal): Promise<T> => {
      const { weather, random } = this.#cluster
      const latencyMs = () => random() * (random() < weather.slow ? weather.maxLatencyMs : 20)
      if (random() < weather.stalls) this.#stalledUntilMs = time.nowMs + random() * 40_000
      await time.until(time.nowMs + latencyMs())
      if (random() < weather.refused) throw new Error('refused')
      const lostThere = random() < weather.lost / 2
      const result = lostThere ? undefined : act()
      if (lostThere || random() < weather.lost / 2) await time.until(Number.MAX_SAFE_INTEGER, signal)
      await this.#wait(latencyMs(), signal)
      return result as T
    }
    const timed = async <T>(
      act: () => T,
      { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
    ): Promise<T> => {
      const over = new AbortController()
      const either = AbortSignal.any([signal, over.signal])
      const clock = this.#wait(timeoutMs, either).then(
        () => over.abort(new Error('no answer in time')),
        () => {},
      )
      try {
        return await call(act, either)
      } finally {
        over.abort()
        await clock
      }
    }
    const cluster = this.#cluster
    return {
      read: (options) => timed(() => cluster.lease, options),
      create: (record, options) =>
        timed(() => (cluster.lease === undefined ? cluster.store(record) : 'conflict'), options),
      replace: (record, { resourceVersion, ...options }) =>
        timed(
          () =>
            cluster.lease?.resourceVersion === resourceVersion
              ? cluster.store(record)
              : ('conflict' as const),
          options,
        ),
    }
  }
}
