import { nextDelayMs, sharedIntervals } from '@axoneme/backoff'
import type { KvCommit, Kvstore } from '@axoneme/kvstore'
import { CodedError, describeError, isAbort, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { type ReconcileRun, type Reconciler, startReconciler } from '@axoneme/reconciler'
import { createTable, follow, type Table, type WritableTable } from '@axoneme/tables'
import { z } from 'zod'
import { parseJson } from './json.ts'
import { nodePrefix } from './paths.ts'
import { startTableWatcher } from './table-watcher.ts'

// Node entries that the operator keeps. An entry has one owner at a time, named by its Source: the node's agent while
// it publishes the entry itself, the operator otherwise. Those of the operator have no lease: they stay while nobody
// runs it, and a node whose agent is away keeps its routes.

/** A node that Kubernetes knows. */
export type KnownNode = Readonly<{
  name: string
  /** What its entry should be; undefined while too little is known: what is stored is kept then. */
  entry: string | undefined
}>

export type StoredNodeEntry = Readonly<{
  name: string
  value: string
  modRevision: number
  owner: 'operator' | 'somebody else'
}>

export type NodeCorrection = Readonly<
  { name: string } & (
    | { kind: 'create'; value: string }
    | { kind: 'replace'; value: string; modRevision: number }
    | { kind: 'delete'; modRevision: number }
  )
>

export function createKnownNodeTable(): WritableTable<KnownNode> {
  return createTable<KnownNode>({
    name: 'known-nodes',
    key: (row) => row.name,
    equals: (a, b) => a.entry === b.entry,
  })
}

export function createStoredNodeTable(): WritableTable<StoredNodeEntry> {
  return createTable<StoredNodeEntry>({ name: 'stored-node-entries', key: (row) => row.name })
}

const ownerSchema = z.object({ Source: z.string().nullish() })
const operatorSources: readonly string[] = ['custom-resource', 'kubernetes']

/** Follows what is stored below `cilium/state/nodes/v1/<cluster>/`, whoever wrote it. */
export function startStoredNodeWatcher({
  cluster,
  ...rest
}: {
  store: Pick<Kvstore, 'watchPrefix'>
  table: WritableTable<StoredNodeEntry>
  cluster: string
  log: Logger
  signal: AbortSignal
}): AsyncDisposable {
  return startTableWatcher({
    ...rest,
    prefix: nodePrefix(cluster),
    rowKey: (name) => name,
    parse: (name, value, modRevision) => {
      const isOurs = operatorSources.includes(parseJson(ownerSchema, value).data?.Source ?? '')
      return { row: { name, value, modRevision, owner: isOurs ? 'operator' : 'somebody else' } }
    },
  })
}

/** What the operator must write about one node; undefined: nothing. */
export function correctionFor(
  name: string,
  { known, stored }: { known: KnownNode | undefined; stored: StoredNodeEntry | undefined },
): NodeCorrection | undefined {
  if (stored === undefined) {
    return known?.entry === undefined ? undefined : { name, kind: 'create', value: known.entry }
  }
  // An agent's: it goes with its lease, and only then is it ours to replace.
  if (stored.owner !== 'operator') return undefined
  const { modRevision } = stored
  if (known === undefined) return { name, kind: 'delete', modRevision }
  if (known.entry === undefined || known.entry === stored.value) return undefined
  return { name, kind: 'replace', value: known.entry, modRevision }
}

/** `attempt` counts how often it was carried out in vain. */
type AttemptedCorrection = NodeCorrection & Readonly<{ attempt: number }>

const confirmation = sharedIntervals.nodeEntryConfirmation.retry

function isSameAttempt(a: AttemptedCorrection, b: AttemptedCorrection): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Somebody wrote the entry first. */
class NodeHandoverConflictError extends CodedError {
  constructor(name: string) {
    super('NODE_HANDOVER_CONFLICT', `write the entry of node ${name}: it changed`, { retryable: true })
  }
}

/**
 * [known-nodes] x [stored-node-entries] -> nodes/v1: makes the operator's entries equal to what Kubernetes knows, and
 * deletes those of nodes that it no longer knows. Begins when both tables have their first whole state. For one
 * process of the cluster; a second one does no harm, because no write happens over a state that it has not seen.
 */
export function startNodeHandover({
  store,
  cluster,
  known,
  stored,
  log,
  signal,
  onWrite,
  observe,
}: {
  store: Pick<Kvstore, 'commit'>
  cluster: string
  known: Table<KnownNode>
  stored: Table<StoredNodeEntry>
  log: Logger
  signal: AbortSignal
  onWrite?: (correction: NodeCorrection) => void
  observe?: (run: ReconcileRun) => void
}): { running: Promise<void>; reconciler: Reconciler<NodeCorrection> } {
  const corrections = createTable<AttemptedCorrection>({
    name: 'node-corrections',
    key: (row) => row.name,
    equals: isSameAttempt,
  })
  /**
   * A write that somebody undid at once leaves the stored entry as it was: nothing changed, and the same correction is
   * still needed. So one that was carried out must go soon, or is tried again.
   */
  const confirm = async (written: AttemptedCorrection) => {
    const attempt = written.attempt + 1
    await sleep(nextDelayMs(confirmation, { attempt, previousMs: 0, random: Math.random }), { signal })
    const now = corrections.get(written.name)
    if (now !== undefined && isSameAttempt(now, written)) corrections.upsert({ ...written, attempt })
  }
  const running = follow({
    sources: { known, stored },
    apply: (changes) => {
      for (const { key } of [...changes.known, ...changes.stored]) {
        const correction = correctionFor(key, { known: known.get(key), stored: stored.get(key) })
        if (correction === undefined) corrections.delete(key)
        else corrections.upsert({ ...correction, attempt: corrections.get(key)?.attempt ?? 0 })
      }
      corrections.markInitialized()
    },
    signal,
  })
  const reconciler = startReconciler<AttemptedCorrection>({
    name: 'node-entries',
    table: corrections,
    log,
    signal,
    concurrency: 8,
    observe,
    target: {
      async update(row, signal) {
        const { attempt: _, ...correction } = row
        const commit = commitOf(nodePrefix(cluster) + correction.name, correction)
        if (!(await store.commit(commit, { signal }))) throw new NodeHandoverConflictError(correction.name)
        onWrite?.(correction)
        confirm(row).catch((error: unknown) => {
          if (!isAbort(error, signal)) log.error('write not confirmed', { error: describeError(error) })
        })
      },
      // The store has what it should, or is somebody else's to write.
      delete: () => {},
    },
  })
  return { running, reconciler }
}

function commitOf(key: string, correction: NodeCorrection): KvCommit {
  switch (correction.kind) {
    case 'create':
      return {
        conditions: [{ kind: 'absent', key }],
        writes: [{ kind: 'put', key, value: correction.value }],
      }
    case 'replace':
      return {
        conditions: [{ kind: 'unchanged', key, modRevision: correction.modRevision }],
        writes: [{ kind: 'put', key, value: correction.value }],
      }
    case 'delete':
      return {
        conditions: [{ kind: 'unchanged', key, modRevision: correction.modRevision }],
        writes: [{ kind: 'delete', key }],
      }
  }
}
