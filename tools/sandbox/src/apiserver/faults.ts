import { sleep } from '@axoneme/lifecycle'
import { tooManyRequests } from './errors.ts'

export type FaultOptions = {
  /** Waited before each request is handled. */
  latencyMs?: number
  /** Requests beyond this rate get 429 with Retry-After. Watches that run are not counted. */
  rateLimit?: { requestsPerSecond: number; burst: number } | undefined
  /** How a watch from a forgotten version fails: an ERROR event (as kube-apiserver does) or a plain 410. */
  expiredWatch?: 'event' | 'status'
}

/** The troubles that clients must cope with, to be turned on and off while the server runs. */
export class Faults {
  latencyMs: number
  expiredWatch: 'event' | 'status'
  readonly #now: () => number
  readonly #watches = new Set<() => void>()
  readonly #compactStore: () => void
  #bucket: { requestsPerSecond: number; burst: number; tokens: number; filledAtMs: number } | undefined

  constructor(options: FaultOptions, { now, compact }: { now: () => number; compact: () => void }) {
    this.latencyMs = options.latencyMs ?? 0
    this.expiredWatch = options.expiredWatch ?? 'event'
    this.#now = now
    this.#compactStore = compact
    this.setRateLimit(options.rateLimit)
  }

  /** Undefined lifts the limit. */
  setRateLimit(limit: { requestsPerSecond: number; burst: number } | undefined): void {
    this.#bucket =
      limit === undefined ? undefined : { ...limit, tokens: limit.burst, filledAtMs: this.#now() }
  }

  /** Ends every running watch without a word, as a restart of a proxy does. Gives their number. */
  cutWatches(): number {
    const cuts = [...this.#watches]
    for (const cut of cuts) cut()
    return cuts.length
  }

  /** Forgets the history: watches and pages from before get 410. */
  compact(): void {
    this.#compactStore()
  }

  get watchCount(): number {
    return this.#watches.size
  }

  /** Registers a running watch; the returned function takes it out again. */
  trackWatch(cut: () => void): () => void {
    this.#watches.add(cut)
    return () => void this.#watches.delete(cut)
  }

  /** To be called before a request is handled: waits, or throws 429. */
  async admit(signal: AbortSignal): Promise<void> {
    if (this.latencyMs > 0) await sleep(this.latencyMs, { signal })
    const bucket = this.#bucket
    if (bucket === undefined) return
    const nowMs = this.#now()
    const refill = ((nowMs - bucket.filledAtMs) / 1000) * bucket.requestsPerSecond
    bucket.tokens = Math.min(bucket.burst, bucket.tokens + refill)
    bucket.filledAtMs = nowMs
    if (bucket.tokens < 1)
      throw tooManyRequests(Math.max(1, Math.ceil((1 - bucket.tokens) / bucket.requestsPerSecond)))
    bucket.tokens -= 1
  }
}
