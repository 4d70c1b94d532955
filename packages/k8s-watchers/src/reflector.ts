import { nextDelayMs, type RetryPolicy } from '@axoneme/backoff'
import { K8sApiError, type K8sClient } from '@axoneme/k8s-client'
import { type Clock, describeError, sleep, systemClock } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { type Decoder, isExpired } from '@axoneme/slim-types'
import type { WritableTable } from '@axoneme/tables'
import { listAll } from './list-all.ts'
import { recoveryFrom, WatchShortError, WatchSilentError } from './recovery.ts'
import { createResourceSource, type ResourceSelection, type ResourceSource } from './source.ts'
import { type ObjectEvent, watchOnce } from './watch-once.ts'

/** What a reflector saw, for metrics. */
export type ReflectorEvent =
  /** A watch event; `needed` is whether it changed the table. */
  | Readonly<{ kind: 'event'; resource: string; action: 'ADDED' | 'MODIFIED' | 'DELETED'; needed: boolean }>
  | Readonly<{ kind: 'list'; resource: string; items: number; durationMs: number }>
  | Readonly<{ kind: 'watch'; resource: string }>
  /** An object that could not be decoded; the row that was there before is kept. */
  | Readonly<{ kind: 'invalid'; resource: string }>
  | Readonly<{ kind: 'failure'; resource: string; error: unknown }>

export type ReflectorPhase = 'listing' | 'watching' | 'waiting' | 'stopped'

export type ReflectorStatus = Readonly<{
  resource: string
  phase: ReflectorPhase
  /** The version that the table reflects; undefined while a list is needed. */
  resourceVersion: string | undefined
  /** When the server was last heard: a page, an event or a bookmark. 0 before that. */
  lastEventMs: number
  lists: number
  watches: number
  /** Events that changed the table, and those that did not. */
  needed: number
  notNeeded: number
  invalid: number
  /** The failure that is being recovered from; undefined when all is well. */
  error: string | undefined
}>

export type Reflector = AsyncDisposable & { status(): ReflectorStatus }

export type ReflectorOptions<T> = Readonly<{
  client: K8sClient
  decoder: Decoder<T>
  /** Which objects; all without it. */
  resource?: ResourceSelection
  /** Must be keyed as the decoder identifies (see objectKey). This is its one writer. */
  table: WritableTable<T>
  log: Logger
  signal: AbortSignal
  observe?: (event: ReflectorEvent) => void
  /** Between failures. */
  retry?: RetryPolicy
  /** Objects a page. */
  pageSize?: number
  /** Whether to ask for protobuf where the decoder has it; yes by default. */
  protobuf?: boolean
  /** The longest time that a watch may be silent, before jitter of up to a fifth. */
  maxSilenceMs?: number
  /** How long a watch lasts at least; at most twice that. */
  minWatchSeconds?: number
  maxFrameBytes?: number
  clock?: Clock
  random?: () => number
}>

/**
 * Keeps `table` equal to a collection of the apiserver: lists it, then watches it, resuming where a watch ended and
 * listing again only when the server no longer knows that version. The table is marked initialised after the first
 * whole list. Never gives up; failures are in the status and the log. Stops with `signal` or disposal.
 */
export function startReflector<T extends object>(options: ReflectorOptions<T>): Reflector {
  return new RunningReflector(options)
}

const defaultRetry: RetryPolicy = { minMs: 500, maxMs: 30_000, jitter: 'decorrelated' }

class RunningReflector<T extends object> implements Reflector {
  readonly #options: ReflectorOptions<T>
  readonly #source: ResourceSource
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #running: Promise<void>
  readonly #status: { -readonly [K in Exclude<keyof ReflectorStatus, 'resourceVersion'>]: ReflectorStatus[K] }
  /** Where the next watch starts; undefined when a list is needed. */
  #resourceVersion: string | undefined
  /** Failures of watches in a row. A list that succeeds does not end the row: a watch must. */
  #failures = 0
  #watchStartedMs = 0
  #previousDelayMs = 0

  constructor(options: ReflectorOptions<T>) {
    const { client, decoder, resource = {}, protobuf = true } = options
    this.#options = options
    this.#source = createResourceSource({ client, decoder, selection: resource, protobuf })
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal])
    this.#status = {
      resource: decoder.resource,
      phase: 'listing',
      lastEventMs: 0,
      lists: 0,
      watches: 0,
      needed: 0,
      notNeeded: 0,
      invalid: 0,
      error: undefined,
    }
    this.#running = this.#run()
  }

  status(): ReflectorStatus {
    return { ...this.#status, resourceVersion: this.#resourceVersion }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DOMException('the reflector is stopped', 'AbortError'))
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) await this.#list()
        else await this.#watch(this.#resourceVersion)
      } catch (error) {
        if (this.#signal.aborted) break
        await this.#recover(error)
      }
    }
    this.#status.phase = 'stopped'
  }

  async #list(): Promise<void> {
    const { decoder, table, pageSize = 500, clock = systemClock } = this.#options
    this.#status.phase = 'listing'
    const startedMs = clock.now()
    const list = await listAll({
      source: this.#source,
      decoder,
      pageSize,
      retryPolicy: this.#options.retry ?? defaultRetry,
      onRetry: (error) => this.#failed(error, 'list failed, retrying'),
      signal: this.#signal,
    })
    const rows = [...list.items]
    for (const { key, error } of list.invalid) {
      this.#invalid(key, error)
      // What was known of an object that cannot be read any more is closer to the truth than nothing.
      const known = table.get(key)
      if (known !== undefined) rows.push(known)
    }
    table.replaceAll(rows)
    table.markInitialized()
    this.#resourceVersion = list.resourceVersion
    this.#status.lists++
    this.#status.error = undefined
    this.#status.lastEventMs = clock.now()
    this.#options.observe?.({
      kind: 'list',
      resource: decoder.resource,
      items: rows.length,
      durationMs: clock.now() - startedMs,
    })
  }

  async #watch(resourceVersion: string): Promise<void> {
    const { decoder, random = Math.random, clock = systemClock } = this.#options
    const { maxSilenceMs = 150_000, minWatchSeconds = 300, maxFrameBytes = 16 * 1024 * 1024 } = this.#options
    this.#watchStartedMs = clock.now()
    let events = 0
    await watchOnce({
      source: this.#source,
      decoder,
      resourceVersion,
      timeoutSeconds: Math.ceil(minWatchSeconds * (1 + random())),
      maxSilenceMs: maxSilenceMs * (1 + random() / 5),
      maxFrameBytes,
      onOpen: () => {
        this.#status.watches++
        this.#status.phase = 'watching'
        this.#status.error = undefined
        this.#options.observe?.({ kind: 'watch', resource: decoder.resource })
      },
      onEvent: (event) => {
        events++
        this.#apply(event)
        this.#heard()
      },
      signal: this.#signal,
    })
    const isShort = events === 0 && clock.now() - this.#watchStartedMs < 1000
    if (isShort && !this.#signal.aborted) throw new WatchShortError(decoder.resource)
  }

  #apply(event: ObjectEvent<T>): void {
    const { table, decoder, observe } = this.#options
    if (event.resourceVersion !== '') this.#resourceVersion = event.resourceVersion
    if (event.type === 'BOOKMARK') return
    if (event.type === 'INVALID') {
      this.#invalid(event.key, event.error)
      return
    }
    const needed = event.type === 'DELETED' ? table.delete(event.key) : this.#upsert(event.key, event.row)
    if (needed) this.#status.needed++
    else this.#status.notNeeded++
    observe?.({ kind: 'event', resource: decoder.resource, action: event.type, needed })
  }

  #upsert(key: string, row: T): boolean {
    const { table, decoder } = this.#options
    const known = table.get(key)
    if (known !== undefined && decoder.equals(known, row)) return false
    return table.upsert(row)
  }

  #invalid(key: string, error: unknown): void {
    const { log, decoder, observe } = this.#options
    this.#status.invalid++
    log.error('object cannot be decoded, its last state is kept', { resource: decoder.resource, key, error })
    observe?.({ kind: 'invalid', resource: decoder.resource })
  }

  /** The server delivers: whatever was wrong is over. */
  #heard(): void {
    this.#status.lastEventMs = (this.#options.clock ?? systemClock).now()
    this.#failures = 0
    this.#previousDelayMs = 0
  }

  /** A watch of a collection in which nothing happens delivers nothing, and can still have been well. */
  #wasWatchingWell(error: unknown): boolean {
    if (this.#resourceVersion === undefined || error instanceof WatchSilentError) return false
    return (this.#options.clock ?? systemClock).now() - this.#watchStartedMs >= 10_000
  }

  #failed(error: unknown, message: string): void {
    const { log, decoder, observe } = this.#options
    this.#status.error = describeError(error)
    this.#status.phase = 'waiting'
    log.warn(message, { resource: decoder.resource, error })
    observe?.({ kind: 'failure', resource: decoder.resource, error })
  }

  async #recover(error: unknown): Promise<void> {
    if (this.#wasWatchingWell(error)) this.#failures = 0
    this.#failures++
    const wasListing = this.#resourceVersion === undefined
    const recovery = wasListing ? 'relist' : recoveryFrom(error, this.#failures)
    if (recovery === 'relist') this.#resourceVersion = undefined
    const expired = error instanceof K8sApiError && isExpired({ code: error.status, reason: error.reason })
    if (expired && this.#failures === 1) {
      // Not a failure: the server forgets old versions. Only when it happens again in a row is there a reason to wait.
      this.#options.log.info('version expired, listing again', { resource: this.#source.resource })
      return
    }
    this.#failed(error, recovery === 'relist' ? 'failed, listing again' : 'watch failed, resuming')
    await this.#pause(error)
  }

  async #pause(error: unknown): Promise<void> {
    const { retry: policy = defaultRetry, random = Math.random } = this.#options
    const previousMs = this.#previousDelayMs === 0 ? policy.minMs : this.#previousDelayMs
    this.#previousDelayMs = nextDelayMs(policy, { attempt: this.#failures, previousMs, random })
    const retryAfterMs = error instanceof K8sApiError ? error.retryAfterMs : 0
    try {
      await sleep(this.#previousDelayMs + retryAfterMs, { signal: this.#signal })
    } catch (aborted) {
      if (!this.#signal.aborted) throw aborted
    }
  }
}
