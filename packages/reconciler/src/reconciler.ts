import {
  jitteredPeriod,
  nextDelayMs,
  type Period,
  type RetryPolicy,
  retryAfterMsOf,
  sharedIntervals,
} from '@axoneme/backoff'
import { CodedError, describeError, isAbort, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { createTable, type Table, type WritableTable } from '@axoneme/tables'

/** Where rows are carried to. All verbs are idempotent, and the target remembers nothing of its own. */
export type Target<Row> = {
  update(row: Row, signal: AbortSignal): void | Promise<void>
  delete(key: string, row: Row, signal: AbortSignal): void | Promise<void>
  /** Removes what is in the target and not in `rows`. Runs once the table is initialised, then every period. */
  prune?(rows: readonly Row[], signal: AbortSignal): void | Promise<void>
}

export type ReconcileState = 'pending' | 'done' | 'error'
export type ReconcileStatus<Row> = Readonly<{
  key: string
  state: ReconcileState
  /** The row that the state speaks of. */
  row: Row
  failures: number
  error?: unknown
}>

/** One pass over the rows that were due, or one pruning of the target, for metrics. */
export type ReconcileRun = Readonly<{
  name: string
  kind: 'rows' | 'prune'
  durationMs: number
  /** How many rows (or, the pruning) could not be carried, by the code of the error; `unknown` where it has none. */
  failures: Readonly<Record<string, number>>
}>

export type ReconcilerOptions<Row> = Readonly<{
  name: string
  table: Table<Row>
  target: Target<Row>
  log: Logger
  signal: AbortSignal
  /**
   * How many rows may be carried at once; 1 by default. Rows are begun in order of change, and never two for one key:
   * for targets whose rows do not depend on each other.
   */
  concurrency?: number
  retry?: RetryPolicy
  /** How often to prune. */
  prune?: Period
  /** Number of nodes, for a period that grows with the cluster. */
  nodeCount?: () => number
  /** Which rows `status` tells of; all by default. Of large tables the failed ones are enough, and cost nothing. */
  statusOf?: 'all' | 'failed'
  observe?: ((run: ReconcileRun) => void) | undefined
}>

export type Reconciler<Row> = AsyncDisposable & {
  /** One row per key that is desired or still to be removed, or only of those that failed (`statusOf`). */
  readonly status: Table<ReconcileStatus<Row>>
  /** Resolves when everything that is in the table now has been carried over or has failed at least once. */
  settled(): Promise<void>
}

const defaultRetry: RetryPolicy = sharedIntervals.reconcilerRow.retry
const defaultPrune: Period = sharedIntervals.reconcilerPrune.period
/** Most targets answer synchronously: after this long, everything else of the process gets a turn. */
const maxTurnMs = 5

/**
 * Carries a table's rows to a target in order of change. A failure becomes a status on the row
 * and a retry with backoff, never an exception in the writer. A newer row replaces a failed one at once.
 */
export function startReconciler<Row>(options: ReconcilerOptions<Row>): Reconciler<Row> {
  return new RunningReconciler(options)
}

type Work<Row> = { row: Row; deleted: boolean; failures: number; notBeforeMs: number; delayMs: number }

class RunningReconciler<Row> implements Reconciler<Row> {
  readonly status: WritableTable<ReconcileStatus<Row>>
  readonly #options: ReconcilerOptions<Row>
  readonly #work = new Map<string, Work<Row>>()
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #finished: Promise<void>
  readonly #idle = new Set<() => void>()
  #pruneFailures = 0
  #nextPruneMs = 0

  constructor(options: ReconcilerOptions<Row>) {
    this.#options = options
    this.status = createTable<ReconcileStatus<Row>>({ name: `${options.name} status`, key: (row) => row.key })
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal])
    this.#finished = this.#run().catch((error: unknown) => {
      if (!this.#signal.aborted) options.log.error('reconciler ended', { reconciler: options.name, error })
    })
  }

  async settled(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#idle.add(resolve)
    this.#signal.addEventListener('abort', () => resolve(), { once: true })
    // Wakes the loop, so that an idle reconciler answers too.
    this.#wake?.()
    await promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DOMException(`${this.#options.name} stopped`, 'AbortError'))
    await this.#finished
  }

  #wake: (() => void) | undefined

  async #run(): Promise<void> {
    using changes = this.#options.table.changes()
    for (;;) {
      // Only those who asked before this pass began get its answer.
      const asked = [...this.#idle]
      for (const change of changes.take()) {
        this.#work.set(change.key, {
          row: change.row,
          deleted: change.kind === 'delete',
          failures: 0,
          notBeforeMs: 0,
          delayMs: 0,
        })
        this.#report(change.key, change.row, 'pending', 0)
      }
      await this.#runDue()
      await this.#runPrune()
      this.#signal.throwIfAborted()
      if ([...this.#work.values()].every((work) => work.failures > 0)) {
        for (const resolve of asked) {
          this.#idle.delete(resolve)
          resolve()
        }
      }
      await this.#pause(changes)
    }
  }

  async #runDue(): Promise<void> {
    const nowMs = Date.now()
    const rows = [...this.#work].filter(([, work]) => work.notBeforeMs <= nowMs)
    if (rows.length === 0) return
    const due = rows.values()
    const failures: Record<string, number> = {}
    const startedMs = performance.now()
    const runLane = async () => {
      let turnStartMs = performance.now()
      for (const [key, work] of due) {
        this.#signal.throwIfAborted()
        countFailure(failures, await this.#runOne(key, work))
        if (performance.now() - turnStartMs < maxTurnMs) continue
        await new Promise(setImmediate)
        turnStartMs = performance.now()
      }
    }
    // All lanes end before any failure counts: nothing runs on when this returns.
    const lanes = await Promise.allSettled(Array.from({ length: this.#options.concurrency ?? 1 }, runLane))
    for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason
    this.#observe('rows', startedMs, failures)
  }

  /** Gives the error when the row could not be carried. */
  async #runOne(key: string, work: Work<Row>): Promise<unknown> {
    const { target, name, log } = this.#options
    try {
      if (work.deleted) await target.delete(key, work.row, this.#signal)
      else await target.update(work.row, this.#signal)
      this.#work.delete(key)
      if (work.deleted) this.status.delete(key)
      else this.#report(key, work.row, 'done', 0)
      return undefined
    } catch (error) {
      if (this.#signal.aborted || isAbort(error, this.#signal)) throw error
      work.failures++
      work.delayMs = nextDelayMs(this.#options.retry ?? defaultRetry, {
        attempt: work.failures,
        previousMs: work.delayMs,
        random: Math.random,
      })
      work.notBeforeMs = Date.now() + work.delayMs + retryAfterMsOf(error)
      this.#report(key, work.row, 'error', work.failures, error)
      const fields = { reconciler: name, key, failures: work.failures, error: describeError(error) }
      if (work.failures === 1) log.warn('row failed, retrying', fields)
      else log.debug('row failed again', fields)
      return error ?? new Error('thrown without a reason')
    }
  }

  async #runPrune(): Promise<void> {
    const { table, target, prune = defaultPrune, nodeCount = () => 0, log, name } = this.#options
    if (target.prune === undefined || !table.initialized) return
    if (Date.now() < this.#nextPruneMs) return
    const failures: Record<string, number> = {}
    const startedMs = performance.now()
    try {
      await target.prune([...table.rows()], this.#signal)
      this.#pruneFailures = 0
      this.#nextPruneMs = Date.now() + jitteredPeriod(prune, { nodeCount: nodeCount() })
    } catch (error) {
      if (this.#signal.aborted) throw error
      countFailure(failures, error)
      const attempt = ++this.#pruneFailures
      const policy = this.#options.retry ?? defaultRetry
      const delayMs = nextDelayMs(policy, { attempt, previousMs: policy.minMs, random: Math.random })
      this.#nextPruneMs = Date.now() + delayMs + retryAfterMsOf(error)
      if (attempt === 1) log.warn('prune failed, retrying', { reconciler: name, error: describeError(error) })
    }
    this.#observe('prune', startedMs, failures)
  }

  #observe(kind: ReconcileRun['kind'], startedMs: number, failures: ReconcileRun['failures']): void {
    const { name, observe } = this.#options
    observe?.({ name, kind, durationMs: performance.now() - startedMs, failures })
  }

  async #pause(changes: { wait(signal: AbortSignal): Promise<void> }): Promise<void> {
    const round = new AbortController()
    const signal = AbortSignal.any([this.#signal, round.signal])
    const woken = Promise.withResolvers<void>()
    this.#wake = woken.resolve
    if (this.#idle.size > 0) woken.resolve()
    const dueMs = Math.min(
      ...[...this.#work.values()].map((work) => work.notBeforeMs),
      this.#options.target.prune === undefined || !this.#options.table.initialized
        ? Number.POSITIVE_INFINITY
        : this.#nextPruneMs,
    )
    const waits: Promise<void>[] = [changes.wait(signal), woken.promise]
    if (!this.#options.table.initialized) waits.push(this.#options.table.whenInitialized(signal))
    if (Number.isFinite(dueMs)) {
      // setTimeout overflows beyond 2^31 ms; waking early is harmless.
      waits.push(sleep(Math.min(Math.max(1, dueMs - Date.now()), 2 ** 30), { signal }))
    }
    try {
      await Promise.race(waits)
    } finally {
      round.abort()
      for (const wait of waits) wait.catch(() => {})
      this.#wake = undefined
    }
  }

  #report(key: string, row: Row, state: ReconcileState, failures: number, error?: unknown): void {
    if (state !== 'error' && this.#options.statusOf === 'failed') {
      this.status.delete(key)
      return
    }
    this.status.upsert({ key, row, state, failures, ...(error === undefined ? {} : { error }) })
  }
}

function countFailure(failures: Record<string, number>, error: unknown): void {
  if (error === undefined) return
  const code = error instanceof CodedError ? error.code : 'unknown'
  failures[code] = (failures[code] ?? 0) + 1
}
