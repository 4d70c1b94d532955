import { sharedIntervals } from '@axoneme/backoff'
import { type Clock, systemClock } from '@axoneme/lifecycle'
import { BookmarkExpectation } from './bookmarks.ts'
import { type Comparison, compareWithSource } from './comparison.ts'
import { FailureRecovery } from './failure-recovery.ts'
import { InitialObjects } from './initial-objects.ts'
import { type CompleteList, listAll } from './list-all.ts'
import { TableDiffersError, WatchShortError, WatchSilentError } from './recovery.ts'
import type { Reflector, ReflectorOptions, ReflectorStatus } from './reflector.ts'
import { type SelfCheck, startSelfCheck } from './self-check.ts'
import { createResourceSource, type ResourceSource } from './source.ts'
import { newStatus } from './status.ts'
import { TableMirror } from './table-mirror.ts'
import { fromInitialEvents, type ObjectEvent, type WatchStart, watchOnce } from './watch-once.ts'

const defaultRetry = sharedIntervals.apiserverWatch.retry
const defaultWatchSeconds = sharedIntervals.apiserverWatchEnd.period.baseMs / 1000
/** What exists is sent at once, as fast as it is read. */
const maxInitialSilenceMs = 30_000

/** The loop behind startReflector. */
export class RunningReflector<T extends object> implements Reflector {
  readonly #options: ReflectorOptions<T>
  readonly #source: ResourceSource
  readonly #mirror: TableMirror<T>
  readonly #bookmarks = new BookmarkExpectation()
  readonly #recovery: FailureRecovery
  readonly #clock: Clock
  readonly #random: () => number
  readonly #status: ReturnType<typeof newStatus>
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #selfCheck: SelfCheck | undefined
  readonly #running: Promise<void>
  /** Ends the watch that runs, for a reason of our own. */
  #interrupt: AbortController | undefined
  #watchStartedMs = 0
  /** A comparison found a difference, which the next list confirms or not. */
  #isDoubtful = false

  constructor(options: ReflectorOptions<T>) {
    const { client, decoder, resource = {}, protobuf = true, watchList = true } = options
    const { clock = systemClock, random = Math.random, selfCheck = {} } = options
    this.#options = options
    this.#source = createResourceSource({ client, decoder, selection: resource, protobuf })
    this.#mirror = new TableMirror(options.table, decoder)
    this.#clock = clock
    this.#random = random
    this.#status = newStatus(decoder.resource)
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal])
    this.#recovery = new FailureRecovery({
      ...{ resource: this.#source.resource, mirror: this.#mirror, status: this.#status },
      ...{ bookmarks: this.#bookmarks, retry: options.retry ?? defaultRetry, watchList, clock, random },
      ...{ log: options.log, observe: options.observe },
      onCut: () => this.#selfCheck?.cut(),
    })
    if (selfCheck !== false) {
      const compare = (signal: AbortSignal) => this.#compare(selfCheck.settleMs ?? 10_000, signal)
      this.#selfCheck = startSelfCheck({ options: selfCheck, compare, random, clock })
    }
    this.#running = this.#run()
  }

  status(): ReflectorStatus {
    return { ...this.#status, resourceVersion: this.#mirror.resourceVersion }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DOMException('the reflector is stopped', 'AbortError'))
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        const { resourceVersion } = this.#mirror
        if (resourceVersion !== undefined) await this.#resume(resourceVersion)
        else if (this.#recovery.listing === 'stream') await this.#streamAll()
        else await this.#listAll()
      } catch (error) {
        if (this.#signal.aborted) break
        const watchStartedMs = this.#watchStartedMs
        await this.#recovery.recover(error, { watchStartedMs, signal: this.#signal })
      }
    }
    await this.#selfCheck?.[Symbol.asyncDispose]()
    this.#status.phase = 'stopped'
  }

  async #listAll(): Promise<void> {
    const { decoder, pageSize = 500, retry = defaultRetry } = this.#options
    this.#status.phase = 'listing'
    const startedMs = this.#clock.now()
    const list = await listAll({
      source: this.#source,
      decoder,
      pageSize,
      retryPolicy: retry,
      onRetry: (error) => this.#recovery.failed(error, 'list failed, retrying'),
      signal: this.#signal,
    })
    this.#recovery.listed()
    this.#replace(list, startedMs)
  }

  /** Everything as the beginning of a watch, which then goes on. */
  async #streamAll(): Promise<void> {
    this.#status.phase = 'listing'
    const startedMs = this.#clock.now()
    let initial: InitialObjects<T> | undefined = new InitialObjects<T>(this.#options.decoder)
    await this.#watch(fromInitialEvents, {
      onOpen: () => {},
      onEvent: (event) => {
        if (initial === undefined) return this.#apply(event)
        const list = initial.add(event)
        if (list === undefined) return
        initial = undefined
        this.#replace(list, startedMs)
        this.#isWatching()
      },
    })
    if (initial !== undefined) throw new WatchShortError(this.#source.resource)
  }

  async #resume(resourceVersion: string): Promise<void> {
    await this.#watch(
      { resourceVersion },
      { onOpen: () => this.#isWatching(), onEvent: (event) => this.#apply(event) },
    )
  }

  async #watch(
    start: WatchStart,
    { onOpen, onEvent }: { onOpen: () => void; onEvent: (event: ObjectEvent<T>) => void },
  ): Promise<void> {
    const { decoder, maxSilenceMs = 150_000, minWatchSeconds = defaultWatchSeconds } = this.#options
    const leastSeconds = typeof minWatchSeconds === 'function' ? minWatchSeconds() : minWatchSeconds
    const timeoutSeconds = this.#bookmarks.watchSeconds(Math.ceil(leastSeconds * (1 + this.#random())))
    const silenceLimitMs = this.#bookmarks.silenceLimitMs({ maxSilenceMs, timeoutSeconds })
    const silenceMs = silenceLimitMs * (1 + this.#random() / 5)
    const initialSilenceMs = Math.min(silenceMs, maxInitialSilenceMs)
    this.#watchStartedMs = this.#clock.now()
    this.#interrupt = new AbortController()
    let isOpen = false
    let events = 0
    let heardEvents = 0
    try {
      await watchOnce({
        ...{ source: this.#source, decoder, known: this.#mirror.known, start, timeoutSeconds },
        maxSilenceMs: () => (this.#mirror.resourceVersion === undefined ? initialSilenceMs : silenceMs),
        maxFrameBytes: this.#options.maxFrameBytes ?? 16 * 1024 * 1024,
        onOpen: () => {
          isOpen = true
          onOpen()
        },
        onEvent: (event) => {
          events++
          if (event.type === 'BOOKMARK') this.#bookmarks.bookmark()
          onEvent(event)
        },
        onRead: () => {
          if (events > heardEvents) this.#heard()
          heardEvents = events
        },
        signal: AbortSignal.any([this.#signal, this.#interrupt.signal]),
      })
    } catch (error) {
      if (error instanceof WatchSilentError && isOpen) this.#bookmarks.silence()
      throw error
    } finally {
      this.#interrupt = undefined
    }
    const isShort = events === 0 && this.#clock.now() - this.#watchStartedMs < 1000
    if (isShort && !this.#signal.aborted) throw new WatchShortError(decoder.resource)
  }

  #replace(list: CompleteList<T>, startedMs: number): void {
    const { table, observe } = this.#options
    for (const { key, error } of list.invalid) this.#invalid(key, error)
    const { revision } = table
    this.#mirror.replace(list)
    if (this.#isDoubtful) this.#selfCheck?.confirmed(table.revision !== revision)
    this.#isDoubtful = false
    this.#status.lists++
    this.#status.error = undefined
    this.#status.lastEventMs = this.#clock.now()
    const durationMs = this.#clock.now() - startedMs
    observe?.({ kind: 'list', resource: this.#source.resource, items: table.size, durationMs })
  }

  #isWatching(): void {
    this.#status.watches++
    this.#status.phase = 'watching'
    this.#status.error = undefined
    this.#options.observe?.({ kind: 'watch', resource: this.#source.resource })
  }

  #apply(event: ObjectEvent<T>): void {
    if (event.type === 'INVALID') this.#invalid(event.key, event.error)
    const needed = this.#mirror.apply(event)
    if (event.type === 'BOOKMARK' || event.type === 'INVALID') return
    if (needed) this.#status.needed++
    else this.#status.notNeeded++
    const { resource } = this.#source
    this.#options.observe?.({ kind: 'event', resource, action: event.type, needed })
  }

  #invalid(key: string, error: unknown): void {
    const { log, observe } = this.#options
    const { resource } = this.#source
    this.#status.invalid++
    log.error('object cannot be decoded, its last state is kept', { resource, key, error })
    observe?.({ kind: 'invalid', resource })
  }

  /** The server delivers: whatever was wrong is over. */
  #heard(): void {
    this.#status.lastEventMs = this.#clock.now()
    this.#recovery.heard()
  }

  async #compare(settleMs: number, signal: AbortSignal): Promise<Comparison['outcome']> {
    const { log, observe } = this.#options
    const { resource } = this.#source
    if (this.#status.phase !== 'watching') {
      // Once it has recovered; whoever has trouble is not asked more.
      this.#selfCheck?.cut()
      return 'unknown'
    }
    const startedMs = this.#clock.now()
    const { lists } = this.#status
    const comparison = await this.#comparison(settleMs, signal)
    const { outcome } = comparison
    this.#status.selfChecks[outcome]++
    observe?.({ kind: 'self-check', resource, outcome, durationMs: this.#clock.now() - startedMs })
    const isReadAnew = this.#status.lists !== lists || this.#mirror.resourceVersion === undefined
    if (outcome !== 'differs' || isReadAnew) return outcome
    log.warn('the table differs from the source, reading all again', { resource, ...comparison })
    this.#isDoubtful = true
    if (this.#interrupt === undefined) this.#mirror.doubt()
    else this.#interrupt.abort(new TableDiffersError(resource))
    return outcome
  }

  async #comparison(settleMs: number, signal: AbortSignal): Promise<Comparison> {
    try {
      return await compareWithSource({ source: this.#source, mirror: this.#mirror, settleMs, signal })
    } catch (error) {
      signal.throwIfAborted()
      this.#options.log.info('not compared with the source', { resource: this.#source.resource, error })
      return { outcome: 'unknown', known: this.#mirror.size }
    }
  }
}
