import { type Period, sharedIntervals } from '@axoneme/backoff'
import { abortable, CodedError, describeError } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { hasCode, KvstoreError } from './errors.ts'
import { LeaseSession } from './lease-session.ts'
import { checkKey, checkValue } from './limits.ts'
import { listAtOneRevision } from './listing.ts'
import { type HeldLock, takeLock } from './lock.ts'
import { type KvOperationEvent, type Observe, type ObserveWatch, scopeOf } from './observe.ts'
import { type QuorumError, watchQuorum } from './quorum.ts'
import { createRateLimiter, type RateLimit, type RateLimiter } from './rate-limiter.ts'
import type { KvTransport, TransactResult, TransportCondition, TransportWrite } from './transport.ts'
import type {
  CallOptions,
  KvCommit,
  KvEntry,
  KvEvent,
  KvLock,
  KvStatus,
  Kvstore,
  KvWrite,
  WatchOptions,
  WriteOptions,
} from './types.ts'
import { watchPrefix } from './watch-prefix.ts'

export type ClientOptions = Readonly<{
  transport: KvTransport
  leaseTtlS: number
  log: Logger
  observe?: Observe | undefined
  observeWatch?: ObserveWatch | undefined
  rateLimit?: RateLimit | undefined
  random?: (() => number) | undefined
  /** How often the store's quorum is asked for when nothing else did; 10 s by default. */
  quorumPeriod?: Period | undefined
  onQuorumError?: ((error: QuorumError) => void) | undefined
  /** Called whenever the store becomes reachable or unreachable, with the reason. */
  onStatus?: ((status: KvStatus) => void) | undefined
}>

type Call = Readonly<{
  operation: string
  kind: KvOperationEvent['kind']
  key: string
  signal: AbortSignal | undefined
}>

const leaseAttempts = 4
/** Cilium's status check. */
const defaultQuorumPeriod = sharedIntervals.kvstoreQuorum.period

/** The contract over a transport. Nothing happens before `start`. */
export class KvClient implements Kvstore {
  readonly #transport: KvTransport
  readonly #log: Logger
  readonly #observe: Observe | undefined
  readonly #observeWatch: ObserveWatch | undefined
  readonly #random: () => number
  readonly #limiter: RateLimiter | undefined
  readonly #onStatus: ((status: KvStatus) => void) | undefined
  readonly #session: LeaseSession
  readonly #closing = new AbortController()
  readonly #taking = new Set<Promise<HeldLock | undefined>>()
  readonly #held = new Set<HeldLock>()
  readonly #quorum: Pick<ClientOptions, 'quorumPeriod' | 'onQuorumError'>
  #running: Promise<unknown> | undefined
  #answeredMs = 0
  #connected = false
  #lastError = 'not connected yet'

  constructor({
    transport,
    leaseTtlS,
    log,
    observe,
    observeWatch,
    rateLimit,
    random = Math.random,
    onStatus,
    ...quorum
  }: ClientOptions) {
    this.#transport = transport
    this.#log = log
    this.#observe = observe
    this.#observeWatch = observeWatch
    this.#random = random
    this.#limiter = rateLimit === undefined ? undefined : createRateLimiter(rateLimit)
    this.#onStatus = onStatus
    this.#quorum = quorum
    this.#session = new LeaseSession({
      transport,
      ttlS: leaseTtlS,
      log,
      random,
      signal: this.#closing.signal,
      onAttempt: (error) => this.#attempted(error),
    })
  }

  /** Resolves with the first lease; until then it tries again and again, under the signal. */
  async start(signal: AbortSignal): Promise<void> {
    const guard = (name: string, running: Promise<void>) =>
      running.catch((error: unknown) => {
        if (!this.#closing.signal.aborted) this.#log.error(`${name} ended`, { error: describeError(error) })
      })
    this.#running = Promise.all([
      guard('lease session', this.#session.run()),
      guard('quorum check', this.#watchQuorum()),
    ])
    await this.#session.current(signal)
  }

  get(key: string, { signal }: CallOptions = {}): Promise<KvEntry | undefined> {
    return this.#call({ operation: 'get', kind: 'read', key, signal }, async () => {
      checkKey('get', key)
      const { entries } = await this.#transport.range({ key, prefix: false })
      const [entry] = entries
      return entry === undefined ? undefined : publicEntry(entry)
    })
  }

  listPrefix(
    prefix: string,
    { signal, createdAfter }: CallOptions & { createdAfter?: number } = {},
  ): Promise<KvEntry[]> {
    return this.#call({ operation: 'listPrefix', kind: 'read', key: prefix, signal }, async (callSignal) => {
      checkKey('listPrefix', prefix)
      const listing = await listAtOneRevision(this.#transport, { prefix, createdAfter, signal: callSignal })
      return listing.entries.map(publicEntry)
    })
  }

  async put(key: string, value: string, { leased = false, signal }: WriteOptions = {}): Promise<void> {
    await this.#write(
      { operation: 'put', kind: 'set', key, signal },
      [],
      [{ kind: 'put', key, value, leased }],
    )
  }

  createOnly(key: string, value: string, { leased = false, signal }: WriteOptions = {}): Promise<boolean> {
    const call: Call = { operation: 'createOnly', kind: 'set', key, signal }
    return this.#writeIf(call, [{ kind: 'absent', key }], [{ kind: 'put', key, value, leased }])
  }

  compareAndSwap(
    key: string,
    value: string,
    modRevision: number,
    { leased = false, signal }: WriteOptions = {},
  ): Promise<boolean> {
    const call: Call = { operation: 'compareAndSwap', kind: 'set', key, signal }
    return this.#writeIf(
      call,
      [{ kind: 'unchanged', key, modRevision }],
      [{ kind: 'put', key, value, leased }],
    )
  }

  async delete(key: string, { signal }: CallOptions = {}): Promise<boolean> {
    const call: Call = { operation: 'delete', kind: 'delete', key, signal }
    return (await this.#write(call, [], [{ kind: 'delete', key }])).deleted > 0
  }

  async compareAndDelete(key: string, modRevision: number, { signal }: CallOptions = {}): Promise<boolean> {
    const call: Call = { operation: 'compareAndDelete', kind: 'delete', key, signal }
    const result = await this.#write(
      call,
      [{ kind: 'unchanged', key, modRevision }],
      [{ kind: 'delete', key }],
    )
    return result.succeeded && result.deleted > 0
  }

  deletePrefix(prefix: string, { signal }: CallOptions = {}): Promise<number> {
    return this.#call({ operation: 'deletePrefix', kind: 'delete', key: prefix, signal }, async () => {
      checkKey('deletePrefix', prefix)
      const writes: TransportWrite[] = [{ kind: 'delete', key: prefix, prefix: true }]
      return (await this.#transport.transact({ conditions: [], writes })).deleted
    })
  }

  commit({ conditions, writes }: KvCommit, { signal }: CallOptions = {}): Promise<boolean> {
    const [condition] = conditions
    const key =
      writes[0]?.key ?? (condition?.kind === 'prefix-empty' ? condition.prefix : condition?.key) ?? ''
    return this.#writeIf({ operation: 'commit', kind: 'set', key, signal }, conditions, writes)
  }

  async *watchPrefix(prefix: string, { signal, keepLost }: WatchOptions): AsyncGenerator<KvEvent> {
    checkKey('watchPrefix', prefix)
    this.#assertOpen('watchPrefix', prefix)
    yield* watchPrefix({
      transport: this.#transport,
      lease: this.#session,
      prefix,
      keepLost,
      signal: AbortSignal.any([signal, this.#closing.signal]),
      log: this.#log,
      random: this.#random,
      onChange: (event, queuedMs) => {
        const [key, action] =
          event.kind === 'upsert' ? [event.entry.key, event.kind] : [event.key, event.kind]
        this.#observeWatch?.({ scope: scopeOf(key), action, queuedMs })
      },
    })
  }

  async lock(path: string, { signal }: CallOptions = {}): Promise<KvLock> {
    const lock = await this.#take({ operation: 'lock', kind: 'lock', key: path, signal }, false)
    if (lock === undefined) throw new KvstoreError('KVSTORE_LOCK_LOST', { operation: 'lock', key: path })
    return lock
  }

  tryLock(path: string, { signal }: CallOptions = {}): Promise<KvLock | undefined> {
    return this.#take({ operation: 'tryLock', kind: 'lock', key: path, signal }, true)
  }

  onLeaseReplaced(listener: () => void): Disposable {
    return this.#session.onReplaced(listener)
  }

  status(): KvStatus {
    const { backend, location } = this.#transport
    return {
      backend,
      connected: this.#connected,
      detail: this.#connected ? location : `${location}: ${this.#lastError}`,
      leaseId: this.#session.leaseId ?? '',
    }
  }

  /** Leased keys stay until the lease's time is over, so that a restart finds them again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new DOMException('kvstore closed', 'AbortError'))
    await this.#running
    await Promise.allSettled(this.#taking)
    await Promise.all([...this.#held].map((held) => held.release()))
    this.#transport.close()
  }

  #take(call: Call, onlyIfFree: boolean): Promise<KvLock | undefined> {
    const { operation, key: path } = call
    return this.#call(call, async (signal) => {
      checkKey(operation, path)
      const taking = takeLock({
        transport: this.#transport,
        path,
        onlyIfFree,
        signal,
        log: this.#log,
        random: this.#random,
      })
      // Closing waits for all of them: a lock that nobody knows of any more must not be left behind.
      this.#taking.add(taking)
      taking.catch(() => {}).finally(() => this.#taking.delete(taking))
      const held = await taking
      if (signal.aborted) await held?.release()
      signal.throwIfAborted()
      if (held === undefined) return undefined
      this.#held.add(held)
      return this.#lockHandle(path, held)
    })
  }

  #lockHandle(path: string, held: HeldLock): KvLock {
    const release = async () => {
      if (!this.#held.delete(held)) return
      // Not held back by the rate limit: others wait for it.
      const startedMs = performance.now()
      await held.release()
      const durationMs = performance.now() - startedMs
      this.#observe?.({
        operation: 'unlock',
        kind: 'lock',
        scope: scopeOf(path),
        outcome: 'success',
        durationMs,
        queuedMs: 0,
      })
    }
    const lost = () => new KvstoreError('KVSTORE_LOCK_LOST', { operation: 'fenced write', key: path })
    const fenced = async (call: Call, commit: KvCommit): Promise<boolean> => {
      if (held.ended.aborted) throw lost()
      if (await this.#writeIf(call, [held.fence, ...commit.conditions], commit.writes)) return true
      await this.#assertHeld(path, held)
      return false
    }
    return {
      path,
      assertHeld: () => this.#assertHeld(path, held),
      createOnly: (key, value, { leased = false, signal } = {}) =>
        fenced(
          { operation: 'createOnly', kind: 'set', key, signal },
          { conditions: [{ kind: 'absent', key }], writes: [{ kind: 'put', key, value, leased }] },
        ),
      commit: (commit, { signal } = {}) =>
        fenced({ operation: 'commit', kind: 'set', key: commit.writes[0]?.key ?? '', signal }, commit),
      release,
      [Symbol.asyncDispose]: release,
    }
  }

  async #assertHeld(path: string, held: HeldLock): Promise<void> {
    const { succeeded } = await this.#transport.transact({ conditions: [held.fence], writes: [] })
    if (!succeeded) throw new KvstoreError('KVSTORE_LOCK_LOST', { operation: 'check lock', key: path })
  }

  async #writeIf(
    call: Call,
    conditions: readonly TransportCondition[],
    writes: readonly KvWrite[],
  ): Promise<boolean> {
    return (await this.#write(call, conditions, writes)).succeeded
  }

  #write(
    call: Call,
    conditions: readonly TransportCondition[],
    writes: readonly KvWrite[],
  ): Promise<TransactResult> {
    return this.#call(call, async (signal) => {
      for (const write of writes) {
        checkKey(call.operation, write.key)
        if (write.kind === 'put') checkValue(call.operation, write.key, write.value)
      }
      const needsLease = writes.some((write) => write.kind === 'put' && write.leased === true)
      for (let attempt = 1; ; attempt++) {
        const leaseId = needsLease ? await this.#session.current(signal) : undefined
        try {
          return await this.#transport.transact({
            conditions,
            writes: writes.map((w) => transportWrite(w, leaseId)),
          })
        } catch (error) {
          if (leaseId === undefined || !hasCode(error, 'KVSTORE_LEASE_LOST')) throw error
          // Nothing was written, so the same write can be repeated with the next lease.
          if (attempt >= leaseAttempts) throw error
          this.#session.reportLost(leaseId)
        }
      }
    })
  }

  async #call<T>(
    { operation, kind, key, signal }: Call,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.#assertOpen(operation, key)
    const either =
      signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal])
    either.throwIfAborted()
    const queuedMs = (await this.#limiter?.acquire(either)) ?? 0
    const startedMs = performance.now()
    let outcome: KvOperationEvent['outcome'] = 'success'
    try {
      const result = await abortable(run(either), either)
      this.#answeredMs = performance.now()
      if (!this.#connected) this.#attempted(undefined)
      return result
    } catch (error) {
      outcome = either.aborted ? 'aborted' : 'fail'
      if (hasCode(error, 'KVSTORE_UNAVAILABLE')) this.#attempted(error)
      throw error
    } finally {
      const durationMs = performance.now() - startedMs
      this.#observe?.({ operation, kind, scope: scopeOf(key), outcome, durationMs, queuedMs })
    }
  }

  #watchQuorum(): Promise<void> {
    const { quorumPeriod: period = defaultQuorumPeriod, onQuorumError } = this.#quorum
    return watchQuorum({
      transport: this.#transport,
      period,
      random: this.#random,
      signal: this.#closing.signal,
      lastConfirmedMs: () => this.#answeredMs,
      onConfirmed: () => this.#attempted(undefined),
      onError: (error, cause) => {
        onQuorumError?.(error)
        this.#attempted(cause)
      },
    })
  }

  #assertOpen(operation: string, key: string): void {
    if (this.#closing.signal.aborted) throw new KvstoreError('KVSTORE_CLOSED', { operation, key })
  }

  #attempted(error: unknown): void {
    const connected = error === undefined
    const reason = connected ? '' : describeError(error)
    const changed = connected !== this.#connected || reason !== this.#lastError
    const first = connected !== this.#connected || this.#lastError === 'not connected yet'
    this.#connected = connected
    this.#lastError = reason
    if (!changed) return
    if (connected) this.#log.info('connected', { location: this.#transport.location })
    else if (first) this.#log.warn('unreachable, retrying', { error: reason, code: codeOf(error) })
    this.#onStatus?.(this.status())
  }
}

function transportWrite(write: KvWrite, leaseId: string | undefined): TransportWrite {
  if (write.kind === 'delete') return { kind: 'delete', key: write.key, prefix: false }
  return {
    kind: 'put',
    key: write.key,
    value: write.value,
    leaseId: write.leased === true ? leaseId : undefined,
  }
}

function publicEntry({ key, value, modRevision }: KvEntry): KvEntry {
  return { key, value, modRevision }
}

function codeOf(error: unknown): string {
  return error instanceof CodedError ? error.code : 'unknown'
}
