import { K8sApiError } from '@axoneme/k8s-client'
import { type Clock, describeError } from '@axoneme/lifecycle'
import { isExpired } from '@axoneme/slim-types'
import type { BookmarkExpectation } from './bookmarks.ts'
import { FailurePause } from './failure-pause.ts'
import {
  listingAfter,
  mayBeTheVersion,
  recoveryFrom,
  TableDiffersError,
  WatchSilentError,
} from './recovery.ts'
import type { ReflectorOptions } from './reflector.ts'
import type { newStatus } from './status.ts'
import type { TableMirror } from './table-mirror.ts'

/** A watch that lasted this long has been well, though nothing may have happened in its collection. */
const wellAfterMs = 10_000

/** How everything is read. */
type Listing = ReturnType<typeof listingAfter>

/** What a reflector does about failures: it decides what is read next, tells of it, and waits before. */
export class FailureRecovery {
  readonly #resource: string
  readonly #mirror: Pick<TableMirror<object>, 'resourceVersion' | 'doubt'>
  readonly #status: ReturnType<typeof newStatus>
  readonly #bookmarks: Pick<BookmarkExpectation, 'areAbsent'>
  readonly #pause: FailurePause
  readonly #log: ReflectorOptions<object>['log']
  readonly #observe: ReflectorOptions<object>['observe']
  readonly #onCut: () => void
  readonly #clock: Clock
  #listing: Listing
  /** Of the failures in a row those that a useless version would explain: a server that only refuses has none. */
  #unexplained = 0

  constructor({
    resource,
    mirror,
    status,
    bookmarks,
    retry,
    watchList,
    log,
    observe,
    onCut,
    clock,
    random,
  }: Readonly<{
    resource: string
    /** Loses its version when all must be read again. */
    mirror: Pick<TableMirror<object>, 'resourceVersion' | 'doubt'>
    status: ReturnType<typeof newStatus>
    bookmarks: Pick<BookmarkExpectation, 'areAbsent'>
    retry: NonNullable<ReflectorOptions<object>['retry']>
    /** Whether lists are asked for as streams at first. */
    watchList: boolean
    log: ReflectorOptions<object>['log']
    observe: ReflectorOptions<object>['observe']
    /** A watch was cut and goes on: something may have been missed. */
    onCut: () => void
    clock: Clock
    random: () => number
  }>) {
    this.#resource = resource
    this.#mirror = mirror
    this.#status = status
    this.#bookmarks = bookmarks
    this.#pause = new FailurePause(retry, random)
    this.#listing = watchList ? 'stream' : 'pages'
    this.#log = log
    this.#observe = observe
    this.#onCut = onCut
    this.#clock = clock
  }

  /** How everything is read the next time. */
  get listing(): Listing {
    return this.#listing
  }

  /** All was read in pages. */
  listed(): void {
    if (this.#listing === 'pages-once') this.#listing = 'stream'
  }

  /** The server delivers: whatever was wrong is over. */
  heard(): void {
    this.#pause.reset()
    this.#unexplained = 0
  }

  /** Tells of a failure, after which something is tried again. */
  failed(error: unknown, message: string): void {
    const resource = this.#resource
    this.#status.error = describeError(error)
    this.#status.phase = 'waiting'
    this.#log.warn(message, { resource, error })
    this.#observe?.({ kind: 'failure', resource, error })
  }

  /** Resolves when it is time to go on; `watchStartedMs` is when the watch began that failed, if it was one. */
  async recover(
    error: unknown,
    { watchStartedMs, signal }: { watchStartedMs: number; signal: AbortSignal },
  ): Promise<void> {
    const isReading = this.#mirror.resourceVersion === undefined
    if (!isReading && this.#wasWell(error, watchStartedMs)) this.heard()
    this.#pause.failures++
    if (mayBeTheVersion(error)) this.#unexplained++
    if (isReading) {
      if (this.#listing === 'stream' && this.#canOnlyPage(error)) return
    } else if (this.#recovery(error) === 'relist') this.#mirror.doubt()
    else this.#onCut()
    if (error instanceof TableDiffersError) return
    const expired = error instanceof K8sApiError && isExpired({ code: error.status, reason: error.reason })
    if (expired && this.#pause.failures === 1) {
      // Not a failure: the server forgets old versions. Only when it happens again in a row is there a reason to wait.
      this.#log.info('version expired, reading all again', { resource: this.#resource })
      return
    }
    const isRelisting = this.#mirror.resourceVersion === undefined
    this.failed(error, isRelisting ? 'failed, reading all again' : 'watch failed, resuming')
    await this.#pause.wait(error, signal)
  }

  #recovery(error: unknown): 'resume' | 'relist' {
    // Silence says nothing about the version where silence is all that an idle collection gives.
    const isUsual = error instanceof WatchSilentError && this.#bookmarks.areAbsent
    return isUsual ? 'resume' : recoveryFrom(error, this.#unexplained)
  }

  /** A watch of a collection in which nothing happens delivers nothing, and can still have been well. */
  #wasWell(error: unknown, watchStartedMs: number): boolean {
    if (error instanceof WatchSilentError) return false
    return this.#clock.now() - watchStartedMs >= wellAfterMs
  }

  /** Whether the server has no watch-list: then that is no failure, and the next attempt is in pages. */
  #canOnlyPage(error: unknown): boolean {
    this.#listing = listingAfter(error)
    if (this.#listing !== 'pages') return false
    const resource = this.#resource
    this.#log.info('the server streams no lists, reading in pages', { resource, error })
    this.#pause.reset()
    return true
  }
}
