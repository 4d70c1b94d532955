import { jitteredPeriod, nextDelayMs, type Period, sharedIntervals } from '@axoneme/backoff'
import { clusterIdentityRange, formatLabels, type IdentityId } from '@axoneme/identity'
import type { CallOptions, Kvstore } from '@axoneme/kvstore'
import { abortable, CodedError, describeError, isAbort, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { acquireIdentity, identityUsage } from './identity-acquisition.ts'
import {
  createCommit,
  isAllocatable,
  joinCommit,
  restoreCommit,
  slavePrefix,
  usedIdentities,
} from './identity-keys.ts'
import type { IdentityTable } from './identity-table.ts'

export type IdentityAllocator = AsyncDisposable & {
  /**
   * The identity of a label set, the same in the whole cluster. Each call is one reference; the first one on this
   * node goes to the store. `remembered` is the number that the labels had here before a restart: when the store has
   * none for them, because it lost everything meanwhile, it is put back if it is free. Rejects with IDENTITIES_EXHAUSTED, IDENTITY_ALLOCATION, or the signal's reason.
   */
  allocate(
    labels: Readonly<Record<string, string>>,
    options?: CallOptions & { remembered?: IdentityId },
  ): Promise<IdentityId>
  /**
   * Gives one reference back. With the last one the node's mark is removed from the store, again and again in the
   * background if it must be; the promise resolves after the first try.
   */
  release(id: IdentityId): Promise<void>
  /** How much of the cluster's number space is in use. */
  usage(): { used: number; size: number; ratio: number }
}

export type IdentityAllocatorOptions = Readonly<{
  store: Kvstore
  /** Followed by `startIdentityWatcher`. */
  table: IdentityTable
  /** What names this node in slave keys: its address, as in Cilium. No slash. */
  nodeSuffix: string
  log: Logger
  signal: AbortSignal
  random?: () => number
  range?: Readonly<{ min: IdentityId; max: IdentityId }>
  /** Told when a number that is in use here means something else in the store now: allocate its labels again. */
  onLost?: (id: IdentityId) => void
  /** How often the marks are compared with the store; 5 min by default, growing with the cluster. */
  resync?: Period
  nodeCount?: () => number
}>

/** One label set that is, was just, or is about to be used here. */
type Held = {
  readonly labels: string
  /** References to `id` that were given out. */
  references: number
  /** Calls that wait for `id`. */
  waiting: number
  /** The number whose mark is, or may be, in the store. */
  id: IdentityId | undefined
  /** Everything about one label set happens one after the other. */
  tail: Promise<unknown>
}

const defaultResync: Period = sharedIntervals.identityResync.period
const backgroundRetry = sharedIntervals.identityKeys.retry

export function createIdentityAllocator(options: IdentityAllocatorOptions): IdentityAllocator {
  return new StoreIdentityAllocator(options)
}

class StoreIdentityAllocator implements IdentityAllocator {
  readonly #options: IdentityAllocatorOptions
  readonly #random: () => number
  readonly #range: Readonly<{ min: IdentityId; max: IdentityId }>
  readonly #held = new Map<string, Held>()
  readonly #byId = new Map<IdentityId, Held>()
  /** Who waits for the lock of a label set. */
  readonly #waiting = new Map<string, AbortController>()
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #lease: Disposable
  readonly #running = new Set<Promise<void>>()

  constructor(options: IdentityAllocatorOptions) {
    if (!/^[^/]+$/.test(options.nodeSuffix)) {
      throw new CodedError(
        'IDENTITY_NODE_SUFFIX',
        `node suffix ${JSON.stringify(options.nodeSuffix)} is empty or has a slash`,
      )
    }
    this.#options = options
    this.#random = options.random ?? Math.random
    this.#range = options.range ?? clusterIdentityRange
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal])
    this.#lease = options.store.onLeaseReplaced(() => this.#assertAll())
    this.#run('resync', () => this.#resync())
    this.#run('follow table', () => this.#followTable())
  }

  async allocate(
    labels: Readonly<Record<string, string>>,
    { signal, remembered }: CallOptions & { remembered?: IdentityId } = {},
  ): Promise<IdentityId> {
    const text = formatLabels(labels)
    if (!isAllocatable(text)) {
      throw new CodedError('IDENTITY_LABELS', `labels ${JSON.stringify(text)} cannot make an identity`, {
        hint: 'each label is `source:key`, keys and values have no semicolon',
      })
    }
    const held = this.#hold(text)
    const either = signal === undefined ? this.#signal : AbortSignal.any([signal, this.#signal])
    held.waiting++
    const call: { state: 'waiting' | 'given' | 'abandoned' } = { state: 'waiting' }
    const turn = this.#inTurn(held, async () => {
      either.throwIfAborted()
      const id = held.id ?? (await this.#acquire(held, { signal: either, remembered }))
      if (call.state === 'waiting') {
        call.state = 'given'
        held.waiting--
        held.references++
      }
      return id
    })
    try {
      return await abortable(turn, either)
    } catch (error) {
      if (call.state === 'given') held.references--
      else held.waiting--
      call.state = 'abandoned'
      this.#removeMarkIfUnused(held)
      throw error
    }
  }

  async release(id: IdentityId): Promise<void> {
    const held = this.#byId.get(id)
    if (held === undefined || held.references === 0) return
    held.references--
    await this.#removeMarkIfUnused(held)
  }

  usage(): { used: number; size: number; ratio: number } {
    return identityUsage(this.#options.table, this.#range)
  }

  /** The node's marks stay until its lease ends, so that a restart finds its identities again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#lease[Symbol.dispose]()
    this.#stop.abort(new DOMException('identity allocator closed', 'AbortError'))
    await Promise.all(this.#running)
    await Promise.allSettled([...this.#held.values()].map((held) => held.tail))
  }

  #hold(labels: string): Held {
    const existing = this.#held.get(labels)
    if (existing !== undefined) return existing
    const held: Held = { labels, references: 0, waiting: 0, id: undefined, tail: Promise.resolve() }
    this.#held.set(labels, held)
    return held
  }

  #inTurn<T>(held: Held, task: () => Promise<T>): Promise<T> {
    const turn = held.tail.then(task)
    held.tail = turn.catch(() => {})
    return turn
  }

  async #acquire(
    held: Held,
    { signal, remembered }: { signal: AbortSignal; remembered: IdentityId | undefined },
  ): Promise<IdentityId> {
    const id = await acquireIdentity(
      {
        ...this.#options,
        random: this.#random,
        range: this.#range,
        appearance: (labels) => this.#appearance(labels),
      },
      { labels: held.labels, signal, remembered },
    )
    held.id = id
    this.#byId.set(id, held)
    return id
  }

  /** Resolves after the first try. */
  #removeMarkIfUnused(held: Held): Promise<void> {
    if (isUsed(held)) return Promise.resolve()
    const firstTry = Promise.withResolvers<void>()
    this.#run('remove mark', () => this.#removeMark(held, firstTry.resolve).finally(firstTry.resolve))
    return firstTry.promise
  }

  /** Until it worked or somebody uses the label set again. */
  async #removeMark(held: Held, tried: () => void): Promise<void> {
    for (let attempt = 1, delayMs = 0; ; attempt++) {
      const done = await this.#inTurn(held, () => this.#tryRemoveMark(held))
      tried()
      if (done) return
      delayMs = nextDelayMs(backgroundRetry, { attempt, previousMs: delayMs, random: this.#random })
      await sleep(delayMs, { signal: this.#signal })
    }
  }

  async #tryRemoveMark(held: Held): Promise<boolean> {
    const { store, nodeSuffix, log } = this.#options
    if (isUsed(held) || this.#held.get(held.labels) !== held) return true
    // Forgotten first: whoever comes while the mark is removed has to set it anew.
    this.#forgetId(held)
    try {
      // Also when no number was known: an allocation that failed may have left a mark.
      await store.delete(slavePrefix(held.labels) + nodeSuffix, { signal: this.#signal })
    } catch (error) {
      if (isAbort(error, this.#signal)) throw error
      log.debug('mark of unused identity not removed yet', {
        labels: held.labels,
        error: describeError(error),
      })
      return false
    }
    if (!isUsed(held)) this.#held.delete(held.labels)
    return true
  }

  #appearance(labels: string): Disposable & { signal: AbortSignal } {
    const appeared = new AbortController()
    this.#waiting.set(labels, appeared)
    return { signal: appeared.signal, [Symbol.dispose]: () => this.#waiting.delete(labels) }
  }

  #forgetId(held: Held): void {
    if (held.id !== undefined) this.#byId.delete(held.id)
    held.id = undefined
  }

  #assertAll(): void {
    for (const held of this.#byId.values()) this.#assert(held)
  }

  /** Makes the store say again that this node uses the identity. */
  #assert(held: Held): void {
    this.#run('assert', async () => {
      for (let attempt = 1, delayMs = 0; ; attempt++) {
        if (await this.#inTurn(held, () => this.#tryAssert(held))) return
        delayMs = nextDelayMs(backgroundRetry, { attempt, previousMs: delayMs, random: this.#random })
        await sleep(delayMs, { signal: this.#signal })
      }
    })
  }

  async #tryAssert(held: Held): Promise<boolean> {
    const { store, nodeSuffix, log, onLost } = this.#options
    const { id, labels } = held
    if (id === undefined || !isUsed(held)) return true
    const use = { id, labels, nodeSuffix }
    const signal = this.#signal
    try {
      if (await store.commit(joinCommit(use), { signal })) return true
      if (await this.#putBack(use)) {
        log.warn('identity in use was missing in the store, put back', { id, labels })
        return true
      }
      if (await store.commit(joinCommit(use), { signal })) return true
      // A mark with a number of another meaning would keep everybody from making a new one.
      await store.delete(slavePrefix(labels) + nodeSuffix, { signal })
    } catch (error) {
      if (isAbort(error, signal)) throw error
      log.debug('identity not asserted yet', { id, error: describeError(error) })
      return false
    }
    log.error('identity in use means something else in the store now', { id, labels })
    this.#forgetId(held)
    // Whoever has the old number allocates again; a release of the old number means nothing any more.
    held.references = 0
    if (!isUsed(held)) this.#held.delete(labels)
    onLost?.(id)
    return true
  }

  /**
   * Creates the master key again. False when the number means something else, or when others use another number for the
   * labels already: they were first after the store had lost this one.
   */
  async #putBack(use: { id: IdentityId; labels: string; nodeSuffix: string }): Promise<boolean> {
    const { store } = this.#options
    const signal = this.#signal
    if (await store.commit(createCommit(use), { signal })) return true
    const others = (await usedIdentities(store, use.labels, { signal })).filter((id) => id !== use.id)
    return others.length === 0 && (await store.commit(restoreCommit(use), { signal }))
  }

  async #resync(): Promise<void> {
    const { resync = defaultResync, nodeCount = () => 0 } = this.#options
    for (;;) {
      await sleep(jitteredPeriod(resync, { nodeCount: nodeCount(), random: this.#random }), {
        signal: this.#signal,
      })
      this.#assertAll()
    }
  }

  /** Puts back at once what somebody removes or changes although it is in use here. */
  async #followTable(): Promise<void> {
    using changes = this.#options.table.changes()
    for await (const batch of changes.batches(this.#signal)) {
      for (const { kind, row } of batch) {
        // Also when it was removed: whoever removes it has the lock until then.
        if (this.#waiting.size > 0) this.#waiting.get(formatLabels(row.labels))?.abort()
        const held = this.#byId.get(row.id)
        if (held === undefined) continue
        if (kind === 'delete' || formatLabels(row.labels) !== held.labels) this.#assert(held)
      }
    }
  }

  #run(name: string, task: () => Promise<void>): void {
    const running = task()
      .catch((error: unknown) => {
        if (this.#signal.aborted) return
        this.#options.log.error('identity allocator task ended', { task: name, error: describeError(error) })
      })
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }
}

function isUsed(held: Held): boolean {
  return held.references + held.waiting > 0
}
