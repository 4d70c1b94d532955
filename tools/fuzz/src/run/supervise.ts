import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isAbort } from '@axoneme/lifecycle'
import type { Seed, Target } from '../target.ts'
import type { Feedback, Finding, FuzzStats } from './fuzz-loop.ts'
import { type RunningWorker, startWorker, type WorkerEnd } from './start-worker.ts'

export type FuzzOptions = Readonly<{
  target: Pick<Target, 'module' | 'mutations' | 'guidedBy'>
  seeds: readonly Seed[]
  seed: number
  workers: number
  executions: number
  durationMs: number
  feedback: Feedback
  /** An execution that takes more processor time is a finding. */
  hangMs: number
  onProgress?: (progress: FuzzProgress) => void
  onFinding?: (finding: Finding) => void
  signal: AbortSignal
}>

export type FuzzProgress = Omit<FuzzStats, 'outcomes'> &
  Readonly<{ outcomes: number; branchesInAll: number; findings: number; elapsedMs: number }>

/** The same finding of several workers is there once. */
export type FuzzResult = FuzzProgress & Readonly<{ all: readonly Finding[]; outcomeKeys: readonly string[] }>

const watchMs = 250
const progressMs = 5000
const maxRestarts = 20

/**
 * Fuzzes with several workers until the executions are done, the time is over or the signal aborts, which is no error.
 * A worker that hangs or dies is replaced, what it was at is a finding, and the rest of its executions are still run.
 */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const directory = await mkdtemp(join(tmpdir(), `axo-fuzz-${process.pid}-`))
  const supervisor = new Supervisor(options, directory)
  const watching = new AbortController()
  const watch = supervisor.watch(watching.signal)
  try {
    await supervisor.run()
  } finally {
    supervisor.stopAll()
    watching.abort()
    await watch
    await rm(directory, { recursive: true })
  }
  return supervisor.result()
}

class Supervisor {
  readonly #options: FuzzOptions
  /** Holds the mailboxes. */
  readonly #directory: string
  readonly #startedMs = performance.now()
  readonly #running = new Set<RunningWorker>()
  readonly #findings = new Map<string, Finding>()
  readonly #outcomes = new Set<string>()
  #ended: FuzzStats[] = []
  #branchesInAll = 0
  #streams = 0

  constructor(options: FuzzOptions, directory: string) {
    this.#options = options
    this.#directory = directory
  }

  async run(): Promise<void> {
    const { workers, executions } = this.#options
    const share = Math.ceil(executions / workers)
    await Promise.all(
      Array.from({ length: workers }, (_, index) =>
        this.#runShare(Math.min(share, Math.max(0, executions - index * share))),
      ),
    )
  }

  /** Until the signal aborts. */
  async watch(signal: AbortSignal): Promise<void> {
    const { hangMs, onProgress } = this.#options
    for (let nextMs = progressMs; ; ) {
      try {
        await delay(watchMs, undefined, { signal })
      } catch (error) {
        if (isAbort(error, signal)) return
        throw error
      }
      for (const worker of this.#running) worker.check(hangMs)
      const nowMs = performance.now()
      if (nowMs - this.#startedMs < nextMs) continue
      nextMs += progressMs
      onProgress?.(this.#progress())
    }
  }

  result(): FuzzResult {
    return { ...this.#progress(), all: [...this.#findings.values()], outcomeKeys: [...this.#outcomes].sort() }
  }

  async #runShare(share: number): Promise<void> {
    const { signal, durationMs } = this.#options
    let left = share
    for (let restarts = 0; restarts <= maxRestarts && left > 0 && !signal.aborted; restarts++) {
      const leftMs = durationMs - (performance.now() - this.#startedMs)
      if (leftMs <= 0) return
      const { stats, fault, input } = await this.#runWorker(left, leftMs)
      this.#ended.push(stats)
      left -= stats.executions
      if (fault === undefined) return
      this.#note({ ...fault, input, execution: stats.executions })
    }
  }

  async #runWorker(executions: number, durationMs: number): Promise<WorkerEnd> {
    const { target, seeds, seed, feedback, signal } = this.#options
    const stream = this.#streams++
    const worker = startWorker(
      {
        module: target.module.href,
        mutations: target.mutations.href,
        guidedBy: target.guidedBy.source,
        seeds: seeds.map(({ bytes }) => bytes),
        stream,
        seed,
        executions,
        durationMs,
        feedback,
        mailbox: join(this.#directory, `input-${stream}`),
      },
      {
        onFinding: (finding) => this.#note(finding),
        onOutcomes: (keys) => {
          for (const key of keys) this.#outcomes.add(key)
        },
        onBranches: (inAll) => {
          this.#branchesInAll = inAll
        },
      },
    )
    const stop = () => worker.stop()
    signal.addEventListener('abort', stop, { once: true })
    this.#running.add(worker)
    try {
      return await worker.ended
    } finally {
      this.#running.delete(worker)
      signal.removeEventListener('abort', stop)
    }
  }

  stopAll(): void {
    for (const worker of this.#running) worker.stop()
  }

  #note(finding: Finding): void {
    if (this.#findings.has(finding.key)) return
    this.#findings.set(finding.key, finding)
    this.#options.onFinding?.(finding)
  }

  #progress(): FuzzProgress {
    const all = [...this.#ended, ...[...this.#running].map(({ stats }) => stats())]
    const most = (field: keyof FuzzStats) => Math.max(0, ...all.map((stats) => stats[field]))
    return {
      executions: all.reduce((sum, { executions }) => sum + executions, 0),
      outcomes: this.#outcomes.size,
      population: most('population'),
      branches: most('branches'),
      slowestMs: most('slowestMs'),
      branchesInAll: this.#branchesInAll,
      findings: this.#findings.size,
      elapsedMs: performance.now() - this.#startedMs,
    }
  }
}
