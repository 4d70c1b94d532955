import { nextDelayMs, retryDelays, sharedIntervals } from '@axoneme/backoff'
import { clusterIdentityRange, type IdentityId } from '@axoneme/identity'
import type { KvLock, Kvstore } from '@axoneme/kvstore'
import { isRetryable, sleep } from '@axoneme/lifecycle'
import { IdentitiesExhaustedError, IdentityAllocationError } from './identity-errors.ts'
import {
  createCommit,
  createdIdentities,
  createUnlockedCommit,
  creationKey,
  isClusterIdentity,
  joinCommit,
  lockPath,
  restoreCommit,
  usedIdentities,
} from './identity-keys.ts'
import { type IdentityTable, parseIdentityId } from './identity-table.ts'

/** Cilium's limits: 16 attempts from 20 ms on, doubling. */
const attempts = sharedIntervals.identityAllocation.retry

/**
 * Whoever holds the lock is done within tens of milliseconds, unless the store is slow, and the table tells of it at once:
 * this is for holders that gave up or vanished.
 */
const holderPatience = sharedIntervals.identityHolder.retry

/** The second one finds what made the first one fail, unless that was the number or another set of labels. */
const unlockedAttempts = 3
/**
 * After this the store is searched for what a table was not told of. A watch that is behind because the store or this
 * node has too much to do would be more so with a search.
 */
const watchPatienceMs = 5_000

export type AcquisitionOptions = Readonly<{
  store: Kvstore
  table: IdentityTable
  nodeSuffix: string
  range: Readonly<{ min: IdentityId; max: IdentityId }>
  random: () => number
  /** Aborts when an identity of these labels comes into the table or goes; ends with the disposal. */
  appearance: (labels: string) => Disposable & Readonly<{ signal: AbortSignal }>
}>

/** Finds or makes the identity of a label set in the store, and marks it as used by this node. */
export async function acquireIdentity(
  options: AcquisitionOptions,
  { labels, signal, remembered }: { labels: string; signal: AbortSignal; remembered: IdentityId | undefined },
): Promise<IdentityId> {
  const { random, table } = options
  await table.whenInitialized(signal)
  let last: unknown
  // Numbers that turned out to be taken, before the table says so.
  const taken = new Set<IdentityId>()
  for await (const _ of retryDelays({ ...attempts, signal, random })) {
    try {
      const id =
        (await join(options, { labels, signal, candidates: knownIdentities(table, labels) })) ??
        (await createUnlocked(options, { labels, signal, taken, remembered })) ??
        (await create(options, { labels, signal, taken, remembered }))
      if (id !== undefined) return id
      const incompleteMs = table.position.incompleteUntilMs - performance.now()
      if (incompleteMs > 0) await sleep(incompleteMs, { signal })
    } catch (error) {
      signal.throwIfAborted()
      if (!isRetryable(error) || error instanceof IdentitiesExhaustedError) throw error
      last = error
    }
  }
  throw new IdentityAllocationError(labels, { attempts: attempts.maxAttempts, cause: last })
}

/** Uses the first candidate that still means the labels. */
async function join(
  { store, nodeSuffix }: AcquisitionOptions,
  { labels, candidates, signal }: { labels: string; candidates: readonly IdentityId[]; signal: AbortSignal },
): Promise<IdentityId | undefined> {
  for (const id of candidates) {
    if (await store.commit(joinCommit({ id, labels, nodeSuffix }), { signal })) return id
  }
  return undefined
}

type Creation = Readonly<{
  labels: string
  /** Numbers that turned out to be taken. */
  taken: Set<IdentityId>
  signal: AbortSignal
  remembered: IdentityId | undefined
}>

/**
 * Two round trips and one write, as long as nobody else is at it. What the lock is for is in the conditions: between the
 * look at the store and the write nobody made an identity of these labels, and nobody is about to. Undefined when the
 * lock must decide.
 */
async function createUnlocked(
  options: AcquisitionOptions,
  { labels, taken, signal, remembered }: Creation,
): Promise<IdentityId | undefined> {
  const { store, table, nodeSuffix } = options
  for (let attempt = 1; attempt <= unlockedAttempts; attempt++) {
    const creationRevision = (await store.get(creationKey(labels), { signal }))?.modRevision ?? 0
    if (!(await isToldOf(table, { creationRevision, signal }))) return undefined
    const known = knownIdentities(table, labels)
    const joined = await join(options, { labels, signal, candidates: known })
    if (joined !== undefined) return joined
    const id = numbersOfBefore({ known, remembered })[0] ?? freeNumber(options, { labels, taken })
    if (id === undefined) return undefined
    const use = { id, labels, nodeSuffix }
    if (await store.commit(createUnlockedCommit(use, creationRevision), { signal })) return id
  }
  return undefined
}

/** Whether the table knows what was made up to a revision; watches are behind by milliseconds. */
async function isToldOf(
  table: IdentityTable,
  { creationRevision, signal }: { creationRevision: number; signal: AbortSignal },
): Promise<boolean> {
  if (table.position.latest >= creationRevision) return true
  using changes = table.changes()
  const either = AbortSignal.any([signal, AbortSignal.timeout(watchPatienceMs)])
  while (table.position.latest < creationRevision) {
    changes.take()
    try {
      await changes.wait(either)
    } catch {
      signal.throwIfAborted()
      break
    }
  }
  return table.position.latest >= creationRevision
}

async function create(options: AcquisitionOptions, creation: Creation): Promise<IdentityId | undefined> {
  const lock = await lockUnlessKnown(options, creation)
  if (lock === undefined) return undefined
  let id: IdentityId | undefined
  try {
    id = await createLocked(options, { ...creation, lock })
  } finally {
    const released = lock.release()
    // Whoever got a number need not wait for this; another attempt must not meet it.
    if (id === undefined) await released
  }
  return id
}

async function createLocked(
  options: AcquisitionOptions,
  { lock, labels, taken, signal, remembered }: Creation & { lock: KvLock },
): Promise<IdentityId | undefined> {
  const { store, table, nodeSuffix } = options
  // Whoever held the lock before may have made it. The table is asked again, because it may have learnt of it since
  // the first look; what it does not know yet is read from the store.
  const known = knownIdentities(table, labels)
  const createdAfter = table.position.revision
  const [used, created] = await Promise.all([
    usedIdentities(store, labels, { signal }),
    createdIdentities(store, labels, { signal, createdAfter }),
  ])
  const joined = await join(options, { labels, signal, candidates: [...used, ...known, ...created] })
  if (joined !== undefined) return joined
  for (const id of used) {
    // In use without a master key: other nodes' datapaths already carry the number.
    if (await lock.commit(restoreCommit({ id, labels, nodeSuffix }), { signal })) return id
  }
  for (const id of numbersOfBefore({ known, remembered })) {
    // The store lost it, or nobody used it for a while. Others may still know it, as this node does.
    if (await lock.commit(createCommit({ id, labels, nodeSuffix }), { signal })) return id
  }
  const id = freeNumber(options, { labels, taken })
  if (id === undefined) return undefined
  if (await lock.commit(createCommit({ id, labels, nodeSuffix }), { signal })) return id
  taken.add(id)
  return undefined
}

/**
 * Undefined when the labels got or lost an identity while this waited. Of a thousand nodes that begin at the same time
 * with the same labels one has to have the lock; the others look now and then, and do not stand in line for it.
 */
async function lockUnlessKnown(
  { store, appearance, random }: AcquisitionOptions,
  { labels, signal }: { labels: string; signal: AbortSignal },
): Promise<KvLock | undefined> {
  using known = appearance(labels)
  const either = AbortSignal.any([signal, known.signal])
  for (let attempt = 1, delayMs = 0; ; attempt++) {
    const lock = await store.tryLock(lockPath(labels), { signal })
    if (lock !== undefined) return lock
    delayMs = nextDelayMs(holderPatience, { attempt, previousMs: delayMs, random })
    try {
      await sleep(delayMs, { signal: either })
    } catch (error) {
      signal.throwIfAborted()
      if (known.signal.aborted) return undefined
      throw error
    }
  }
}

function numbersOfBefore({
  known,
  remembered,
}: { known: readonly IdentityId[] } & Pick<Creation, 'remembered'>) {
  return remembered !== undefined && isClusterIdentity(remembered) ? [...known, remembered] : known
}

/** Undefined while numbers that are in use may be unknown. */
function freeNumber(
  options: AcquisitionOptions,
  { labels, taken }: Pick<Creation, 'labels' | 'taken'>,
): IdentityId | undefined {
  if (options.table.position.incompleteUntilMs > performance.now()) return undefined
  return pickFreeIdentity(options, { labels, taken })
}

/** A random number that nobody is known to use, so that nodes which pick at the same time seldom meet. */
function pickFreeIdentity(
  { table, range, random }: Pick<AcquisitionOptions, 'table' | 'range' | 'random'>,
  { labels, taken }: { labels: string; taken: ReadonlySet<IdentityId> },
): IdentityId {
  const size = range.max - range.min + 1
  const start = Math.min(size - 1, Math.floor(random() * size))
  for (let step = 0; step < size; step++) {
    const id = range.min + ((start + step) % size)
    if (!table.has(String(id)) && !taken.has(id)) return id
  }
  throw new IdentitiesExhaustedError(labels, { used: size, size })
}

function knownIdentities(table: IdentityTable, labels: string): IdentityId[] {
  return table
    .byIndex('labels', labels)
    .map((row) => row.id)
    .filter(isClusterIdentity)
    .sort((a, b) => a - b)
}

export function identityUsage(
  table: IdentityTable,
  range: Readonly<{ min: IdentityId; max: IdentityId }> = clusterIdentityRange,
): { used: number; size: number; ratio: number } {
  const size = range.max - range.min + 1
  let used = 0
  for (const key of table.keys()) {
    const id = parseIdentityId(key)
    if (id !== undefined && id >= range.min && id <= range.max) used++
  }
  return { used, size, ratio: used / size }
}
