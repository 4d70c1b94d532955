import { sleep } from '@axoneme/lifecycle'
import { tooManyRequests } from './errors.ts'
import { type RateLimit, TokenBucket } from './token-bucket.ts'

export type FaultOptions = Readonly<{
  /** Waited before each request is handled. */
  latencyMs?: number
  /** Requests beyond this rate get 429 with Retry-After. Watches that run are not counted. */
  rateLimit?: RateLimit | undefined
  /** The share of requests, 0 to 1, whose connection is closed: before they are handled, or amid the answer. */
  cutShare?: number
  /** Every watch that runs is cut this often. */
  watchCutIntervalMs?: number | undefined
  /** How a watch from a forgotten version fails: an ERROR event (as kube-apiserver does) or a plain 410. */
  expiredWatch?: 'event' | 'status'
  /** Whether a watch that resumes hears of what was removed in between. */
  missedRemovals?: 'sent' | 'lost'
  /** What a watch gets that asks for the initial objects: them, or a refusal as of a server without the feature. */
  watchList?: 'offered' | 'refused' | 'error-event'
  /** Whether watches that ask for bookmarks get any. */
  bookmarks?: boolean
}>

/** `request`: it is never handled. `answer`: it takes effect, and the client gets half of the answer at most. */
export type Cut = 'none' | 'request' | 'answer'

/** What a fault can do to a watch that runs. */
export type RunningWatch = Readonly<{
  /** Closes the connection without a word. */
  cut: () => void
  /** Sends nothing any more and keeps the connection: what a client sees of a peer that vanished. */
  mute: () => void
}>

/** The troubles that clients must cope with, to be turned on and off while the server runs. */
export class Faults implements Disposable {
  latencyMs: number
  cutShare: number
  expiredWatch: 'event' | 'status'
  missedRemovals: 'sent' | 'lost'
  watchList: 'offered' | 'refused' | 'error-event'
  bookmarks: boolean
  /** How many removals were kept from watches that resumed. */
  lostRemovals = 0
  readonly #now: () => number
  readonly #random: () => number
  readonly #compactStore: () => void
  readonly #watches = new Set<RunningWatch>()
  #bucket: TokenBucket | undefined
  #watchCutter: NodeJS.Timeout | undefined

  constructor(
    options: FaultOptions,
    { now, random, compact }: { now: () => number; random: () => number; compact: () => void },
  ) {
    this.latencyMs = options.latencyMs ?? 0
    this.cutShare = options.cutShare ?? 0
    this.expiredWatch = options.expiredWatch ?? 'event'
    this.missedRemovals = options.missedRemovals ?? 'sent'
    this.watchList = options.watchList ?? 'offered'
    this.bookmarks = options.bookmarks ?? true
    this.#now = now
    this.#random = random
    this.#compactStore = compact
    this.setRateLimit(options.rateLimit)
  }

  /** Undefined lifts the limit. */
  setRateLimit(limit: RateLimit | undefined): void {
    this.#bucket = limit === undefined ? undefined : new TokenBucket(limit, this.#now())
  }

  /** Ends every running watch without a word, as a restart of a proxy does. Gives their number. */
  cutWatches(): number {
    const watches = [...this.#watches]
    for (const watch of watches) watch.cut()
    return watches.length
  }

  /** Does so again and again; undefined ends it, and so does disposal. */
  cutWatchesEvery(intervalMs: number | undefined): void {
    clearInterval(this.#watchCutter)
    this.#watchCutter =
      intervalMs === undefined ? undefined : setInterval(() => this.cutWatches(), intervalMs)
  }

  /** Makes every running watch half-open. Gives their number. */
  muteWatches(): number {
    for (const watch of this.#watches) watch.mute()
    return this.#watches.size
  }

  /** Forgets the history: watches and pages from before get 410. */
  compact(): void {
    this.#compactStore()
  }

  get watchCount(): number {
    return this.#watches.size
  }

  /** Registers a running watch; the returned function takes it out again. */
  trackWatch(watch: RunningWatch): () => void {
    this.#watches.add(watch)
    return () => void this.#watches.delete(watch)
  }

  /** To be called before a request is handled: waits, or throws 429. Gives what becomes of its connection. */
  async admit(signal: AbortSignal): Promise<Cut> {
    if (this.latencyMs > 0) await sleep(this.latencyMs, { signal })
    const waitMs = this.#bucket?.take(this.#now()) ?? 0
    if (waitMs > 0) throw tooManyRequests(Math.max(1, Math.ceil(waitMs / 1000)))
    if (this.cutShare === 0 || this.#random() >= this.cutShare) return 'none'
    return this.#random() < 0.5 ? 'request' : 'answer'
  }

  [Symbol.dispose](): void {
    this.cutWatchesEvery(undefined)
  }
}
