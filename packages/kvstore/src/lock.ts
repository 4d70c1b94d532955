import { nextDelayMs, sharedIntervals } from '@axoneme/backoff'
import { describeError, isRetryable, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { KvstoreError } from './errors.ts'
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
    const key = `${path}/${leaseName(leaseId)}`
    const waiting = AbortSignal.any([signal, ended.signal])
    const enter = (...conditions: readonly TransportCondition[]) =>
      transport.transact({
        conditions: [{ kind: 'absent', key }, ...conditions],
        writes: [{ kind: 'put', key, value: '', leaseId }],
      })
    const first = await enter({ kind: 'prefix-empty', prefix: `${path}/` })
    if (!first.succeeded && onlyIfFree) {
      await release()
      return undefined
    }
    const { succeeded, revision } = first.succeeded ? first : await enter()
    if (!succeeded) throw new KvstoreError('KVSTORE_LOCK_LOST', { operation: 'lock', key: path })
    const mine = { key, createRevision: revision }
    if (!first.succeeded) await waitForTurn({ transport, path, mine, signal: waiting, random })
    return { fence: { kind: 'created-at', ...mine }, ended: ended.signal, release }
  } catch (error) {
    const lost = ended.signal.aborted && !signal.aborted
    await release()
    throw lost ? new KvstoreError('KVSTORE_LOCK_LOST', { operation: 'lock', key: path, cause: error }) : error
  }
}

type Waiter = Readonly<{ key: string; createRevision: number }>
type Waiting = {
  transport: KvTransport
  path: string
  mine: Waiter
  signal: AbortSignal
  random: () => number
}

async function waitForTurn(waiting: Waiting): Promise<void> {
  const { transport, path, mine, signal, random } = waiting
  for (let failures = 0, delayMs = 0; ; ) {
    signal.throwIfAborted()
    try {
      const contenders = await transport.range({ key: `${path}/`, prefix: true })
      if (!contenders.entries.some(({ key, createRevision }) => isSame(mine, { key, createRevision }))) {
        throw new KvstoreError('KVSTORE_LOCK_LOST', { operation: 'lock', key: path, retryable: true })
      }
      const before = predecessor(contenders.entries, path, mine)
      if (before === undefined) return
      await waitUntilDeleted(waiting, before, contenders)
      failures = 0
    } catch (error) {
      signal.throwIfAborted()
      if (!isRetryable(error) || (error instanceof KvstoreError && error.code === 'KVSTORE_LOCK_LOST'))
        throw error
      delayMs = nextDelayMs(sharedIntervals.kvstoreLock.retry, {
        attempt: ++failures,
        previousMs: delayMs,
        random,
      })
      await sleep(delayMs, { signal })
    }
  }
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
