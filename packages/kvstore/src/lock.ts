import { nextDelayMs, sharedIntervals } from '@axoneme/backoff'
import { describeError, isRetryable, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { hasCode, KvstoreError } from './errors.ts'
import { keepAliveUntilLost } from './keepalive.ts'
import type { KvTransport, StoredEntry, TransportCondition } from './transport.ts'

/** Cilium's lock lease: what a holder that vanished delays the others at most. */
const lockTtlS = 25

export type HeldLock = Readonly<{
  /** Holds at the store exactly as long as the lock is held. */
  fence: TransportCondition
  /** Aborted when it is known that the lock was lost, and when it was released. */
  ended: AbortSignal
  /** Idempotent; never rejects. */
  release(): Promise<void>
}>

/**
 * Takes the lock at `path`: each contender creates `<path>/<its lease>`, the one that was created first holds the
 * lock, each other waits for the one before it to go (the recipe and layout of etcd's concurrency.Mutex). Every
 * lock has a lease of its own, so that one of unclear state is given up by no longer renewing it. With `onlyIfFree`
 * undefined when somebody else holds it or waits for it.
 */
export async function takeLock({
  transport,
  path,
  onlyIfFree,
  signal,
  log,
  random,
}: {
  transport: KvTransport
  path: string
  onlyIfFree: boolean
  signal: AbortSignal
  log: Logger
  random: () => number
}): Promise<HeldLock | undefined> {
  if (onlyIfFree) {
    // Of many that ask at the same time most are answered by a read.
    const { entries } = await transport.range({ key: `${path}/`, prefix: true, limit: 1 })
    if (entries.length > 0) return undefined
    signal.throwIfAborted()
  }
  const leaseId = await transport.grantLease(lockTtlS)
  const ended = new AbortController()
  const end = (why: string) => ended.abort(new DOMException(`lock ${path} ${why}`, 'AbortError'))
  const keeping = keepAliveUntilLost({
    transport,
    leaseId,
    intervalMs: (lockTtlS * 1000) / 3,
    pause: (delayMs) => sleep(delayMs, { signal: ended.signal }),
    random,
    signal: ended.signal,
  }).then(
    () => end('lost'),
    (error: unknown) => {
      if (!ended.signal.aborted) log.error('lock renewal ended', { path, error: describeError(error) })
    },
  )
  let released: Promise<void> | undefined
  const release = () => {
    released ??= giveBack()
    return released
  }
  const giveBack = async () => {
    end('released')
    await keeping
    try {
      await transport.revokeLease(leaseId)
    } catch (error) {
      log.warn('lock not released, its lease runs out', { path, ttlS: lockTtlS, error: describeError(error) })
    }
  }
  try {
    const waiting: Waiting = { transport, path, signal: AbortSignal.any([signal, ended.signal]), random }
    const key = `${path}/${leaseName(leaseId)}`
    const place = await enterLine(waiting, { key, leaseId, onlyIfFree })
    if (place === undefined) {
      await release()
      return undefined
    }
    const mine = { key, createRevision: place.createRevision }
    if (!place.isFirst) await waitForTurn(waiting, mine)
    return { fence: { kind: 'created-at', ...mine }, ended: ended.signal, release }
  } catch (error) {
    const lost = ended.signal.aborted && !signal.aborted
    await release()
    throw lost ? new KvstoreError('KVSTORE_LOCK_LOST', { operation: 'lock', key: path, cause: error }) : error
  }
}

type Waiter = Readonly<{ key: string; createRevision: number }>
type Waiting = Readonly<{ transport: KvTransport; path: string; signal: AbortSignal; random: () => number }>

/**
 * Creates the contender's key. Nobody else writes it: after an interruption that left the outcome of the write open, its
 * presence tells. Undefined when `onlyIfFree` and it is not; such a try fails with the store.
 */
async function enterLine(
  waiting: Waiting,
  { key, leaseId, onlyIfFree }: { key: string; leaseId: string; onlyIfFree: boolean },
): Promise<{ createRevision: number; isFirst: boolean } | undefined> {
  const { transport, path } = waiting
  const enter = async (isFirst: boolean) => {
    const { succeeded, revision } = await transport.transact({
      conditions: [{ kind: 'absent', key }, ...(isFirst ? [prefixEmpty(path)] : [])],
      writes: [{ kind: 'put', key, value: '', leaseId }],
    })
    return succeeded ? { createRevision: revision, isFirst } : undefined
  }
  if (onlyIfFree) return enter(true)
  return insist(waiting, async (attempt) => {
    const entered = (attempt === 0 ? await enter(true) : undefined) ?? (await enter(false))
    if (entered !== undefined) return entered
    const { entries } = await transport.range({ key, prefix: false })
    const [own] = entries
    if (own === undefined) throw lockLost(path)
    return { createRevision: own.createRevision, isFirst: false }
  })
}

function prefixEmpty(path: string): TransportCondition {
  return { kind: 'prefix-empty', prefix: `${path}/` }
}

async function waitForTurn(waiting: Waiting, mine: Waiter): Promise<void> {
  const { transport, path } = waiting
  for (;;) {
    const isMyTurn = await insist(waiting, async () => {
      const contenders = await transport.range({ key: `${path}/`, prefix: true })
      if (!contenders.entries.some(({ key, createRevision }) => isSame(mine, { key, createRevision }))) {
        throw lockLost(path)
      }
      const before = predecessor(contenders.entries, path, mine)
      if (before !== undefined) await waitUntilDeleted(waiting, before, contenders)
      return before === undefined
    })
    if (isMyTurn) return
  }
}

/** Tries again, with growing pauses, whatever an interruption of the store made fail. */
async function insist<T>({ signal, random }: Waiting, work: (attempt: number) => Promise<T>): Promise<T> {
  for (let failures = 0, delayMs = 0; ; ) {
    signal.throwIfAborted()
    try {
      return await work(failures)
    } catch (error) {
      signal.throwIfAborted()
      if (!isRetryable(error) || isOver(error)) throw error
      delayMs = nextDelayMs(sharedIntervals.kvstoreLock.retry, {
        attempt: ++failures,
        previousMs: delayMs,
        random,
      })
      await sleep(delayMs, { signal })
    }
  }
}

/** The place in the line is gone, and does not come back. */
function isOver(error: unknown): boolean {
  return hasCode(error, 'KVSTORE_LOCK_LOST') || hasCode(error, 'KVSTORE_LEASE_LOST')
}

function lockLost(path: string): KvstoreError {
  return new KvstoreError('KVSTORE_LOCK_LOST', { operation: 'lock', key: path })
}

/** The contender next in line before `mine`. Keys further below `path` belong to other locks. */
export function predecessor(
  contenders: readonly StoredEntry[],
  path: string,
  mine: Waiter,
): StoredEntry | undefined {
  let last: StoredEntry | undefined
  for (const contender of contenders) {
    if (contender.createRevision >= mine.createRevision) continue
    if (contender.key.indexOf('/', path.length + 1) >= 0) continue
    if (last === undefined || contender.createRevision > last.createRevision) last = contender
  }
  return last
}

async function waitUntilDeleted(
  { transport, signal }: Waiting,
  before: StoredEntry,
  { revision, historyId }: { revision: number; historyId: string },
): Promise<void> {
  const watch = { prefix: before.key, fromRevision: revision + 1, historyId, signal }
  for await (const { changes } of transport.watch(watch)) {
    if (changes.some((change) => change.kind === 'delete' && change.key === before.key)) return
  }
}

function isSame(a: Waiter, b: Waiter): boolean {
  return a.key === b.key && a.createRevision === b.createRevision
}

/** As etcd's own clients name it: hexadecimal. */
function leaseName(leaseId: string): string {
  return BigInt.asUintN(64, BigInt(leaseId)).toString(16)
}
