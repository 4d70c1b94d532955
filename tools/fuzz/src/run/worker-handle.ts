import { Worker } from 'node:worker_threads'
import { describeError } from '@axoneme/lifecycle'
import type { Finding, FuzzStats } from './fuzz-loop.ts'
import { Mailbox } from './mailbox.ts'
import type { WorkerMessage, WorkerOrder } from './protocol.ts'

const maxHeapMb = 768
const noStats: FuzzStats = { executions: 0, outcomes: 0, population: 0, branches: 0, slowestMs: 0 }

/** How a worker came to its end. `fault` is what it died of. */
export type WorkerEnd = Readonly<{ stats: FuzzStats; fault?: Readonly<{ key: string; message: string }> }>

export type WorkerEvents = Readonly<{
  onFinding: (finding: Finding) => void
  onOutcomes: (keys: readonly string[]) => void
  onBranches: (inAll: number) => void
}>

/** One worker from its start to its end, seen from the main thread. */
export class WorkerHandle {
  readonly ended: Promise<WorkerEnd>
  readonly #worker: Worker
  readonly #mailbox: Mailbox
  #stats = noStats
  #isRunning = false
  #lastSequence = -1
  #lastMoveMs = 0
  #fault: WorkerEnd['fault']

  constructor(order: Omit<WorkerOrder, 'mailbox'>, events: WorkerEvents) {
    this.#mailbox = new Mailbox()
    const workerData: WorkerOrder = { ...order, mailbox: this.#mailbox.memory }
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
    })
    this.#worker.on('message', (message: WorkerMessage) => this.#hear(message, events))
    const { promise, resolve, reject } = Promise.withResolvers<WorkerEnd>()
    this.ended = promise
    this.#worker.on('error', (error) => {
      // Before it is ready nothing was fuzzed: the tool itself is wrong.
      if (!this.#isRunning) reject(error)
      else this.#fault ??= { key: `worker died: ${codeOf(error)}`, message: textOf(error) }
    })
    this.#worker.on('exit', () => {
      if (this.#fault === undefined) resolve({ stats: this.#stats })
      // It did not come to say how many there were in the end.
      else resolve({ stats: { ...this.#stats, executions: this.#mailbox.sequence }, fault: this.#fault })
    })
  }

  get stats(): FuzzStats {
    return this.#stats
  }

  /** The input that is run, or was when the worker ended. */
  get input(): Buffer {
    return this.#mailbox.input()
  }

  /** Ends a worker that has been at one input for longer than `hangMs`; `ended` then says so. */
  checkProgress(nowMs: number, hangMs: number): void {
    if (!this.#isRunning) return
    const { sequence } = this.#mailbox
    if (sequence !== this.#lastSequence) {
      this.#lastSequence = sequence
      this.#lastMoveMs = nowMs
    } else if (nowMs - this.#lastMoveMs > hangMs) {
      this.end({ key: 'hang', message: `one execution runs for more than ${hangMs} ms` })
    }
  }

  /** At once, wherever it is. */
  end(fault?: WorkerEnd['fault']): void {
    this.#fault ??= fault
    void this.#worker.terminate()
  }

  #hear(message: WorkerMessage, events: WorkerEvents): void {
    if (message.kind === 'ready') {
      this.#isRunning = true
      this.#lastMoveMs = performance.now()
      events.onBranches(message.branchesInAll)
    } else if (message.kind === 'finding') {
      events.onFinding({ ...message.finding, input: Buffer.from(message.finding.input) })
    } else {
      this.#isRunning = message.kind === 'progress'
      this.#stats = message.stats
      events.onOutcomes(message.outcomes)
    }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : describeError(error)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
