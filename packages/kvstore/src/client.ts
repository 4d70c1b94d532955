import { type Period, sharedIntervals } from '@axoneme/backoff'
import { describeError } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { type Call, Calls } from './calls.ts'
import { hasCode, KvstoreError } from './errors.ts'
import { LeaseSession } from './lease-session.ts'
import { checkKey, checkValue } from './limits.ts'
import { listAtOneRevision } from './listing.ts'
import { Locks } from './locks.ts'
import { type Observe, type ObserveWatch, scopeOf } from './observe.ts'
import { type QuorumError, watchQuorum } from './quorum.ts'
import type { RateLimit } from './rate-limiter.ts'
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
  /** How often the store's quorum is asked for when nothing else did; as `sharedIntervals` says by default. */
  quorumPeriod?: Period | undefined
  /** How many share the store, for that period. */
  nodeCount?: (() => number) | undefined
  onQuorumError?: ((error: QuorumError) => void) | undefined
  /** Called whenever the store becomes reachable or unreachable, with the reason. */
  onStatus?: ((status: KvStatus) => void) | undefined
}>

const leaseAttempts = 4
/** Cilium's status check. */
const defaultQuorumPeriod = sharedIntervals.kvstoreQuorum.period

/** The contract over a transport. Nothing happens before `start`. */
export class KvClient implements Kvstore {
  readonly #transport: KvTransport
  readonly #log: Logger
  readonly #observeWatch: ObserveWatch | undefined
  readonly #random: () => number
  readonly #session: LeaseSession
  readonly #closing = new AbortController()
  readonly #calls: Calls
  readonly #locks: Locks
  readonly #quorum: Pick<ClientOptions, 'quorumPeriod' | 'nodeCount' | 'onQuorumError'>
  #running: Promise<unknown> | undefined

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
    this.#observeWatch = observeWatch
    this.#random = random
    this.#quorum = quorum
    const { signal: closing } = this.#closing
    const { location } = transport
    const onChange = () => onStatus?.(this.status())
    this.#calls = new Calls({ location, log, observe, rateLimit, closing, onChange })
    this.#locks = new Locks({ transport, calls: this.#calls, writeIf: this.#writeIf.bind(this), log, random })
    this.#session = new LeaseSession({
      transport,
      ttlS: leaseTtlS,
      log,
      random,
      signal: this.#closing.signal,
      onAttempt: (error) => this.#calls.attempted(error),
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
    return this.#calls.run({ operation: 'get', kind: 'read', key, signal }, async () => {
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
    return this.#calls.run(
      { operation: 'listPrefix', kind: 'read', key: prefix, signal },
      async (callSignal) => {
        checkKey('listPrefix', prefix)
        const listing = await listAtOneRevision(this.#transport, { prefix, createdAfter, signal: callSignal })
        return listing.entries.map(publicEntry)
      },
    )
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
    return this.#calls.run({ operation: 'deletePrefix', kind: 'delete', key: prefix, signal }, async () => {
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
    this.#calls.assertOpen('watchPrefix', prefix)
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
    const call: Call = { operation: 'lock', kind: 'lock', key: path, signal }
    const lock = await this.#locks.take(call, { onlyIfFree: false })
    if (lock === undefined) throw new KvstoreError('KVSTORE_LOCK_LOST', { operation: 'lock', key: path })
    return lock
  }

  tryLock(path: string, { signal }: CallOptions = {}): Promise<KvLock | undefined> {
    return this.#locks.take({ operation: 'tryLock', kind: 'lock', key: path, signal }, { onlyIfFree: true })
  }

  onLeaseReplaced(listener: () => void): Disposable {
    return this.#session.onReplaced(listener)
  }

  status(): KvStatus {
    return {
      backend: this.#transport.backend,
      connected: this.#calls.connected,
      detail: this.#calls.detail,
      leaseId: this.#session.leaseId ?? '',
    }
  }

  /** Leased keys stay until the lease's time is over, so that a restart finds them again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new DOMException('kvstore closed', 'AbortError'))
    await this.#running
    await this.#locks[Symbol.asyncDispose]()
    this.#transport.close()
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
    return this.#calls.run(call, async (signal) => {
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

  #watchQuorum(): Promise<void> {
    const { quorumPeriod: period = defaultQuorumPeriod, nodeCount, onQuorumError } = this.#quorum
    return watchQuorum({
      transport: this.#transport,
      period,
      nodeCount,
      random: this.#random,
      signal: this.#closing.signal,
      lastConfirmedMs: () => this.#calls.answeredMs,
      onConfirmed: () => this.#calls.attempted(undefined),
      onError: (error, cause) => {
        onQuorumError?.(error)
        this.#calls.attempted(cause)
      },
    })
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
