/** Runs the loop in a thread of its own, which the main thread can end at any instruction. */
import { parentPort, workerData } from 'node:worker_threads'
import { FuzzError } from '../errors.ts'
import { Counters } from '../guidance/counters.ts'
import { instrumentImports } from '../guidance/hooks.ts'
import type { Execute } from '../target.ts'
import { FuzzLoop } from './fuzz-loop.ts'
import { Mailbox } from './mailbox.ts'
import type { WorkerMessage, WorkerOrder } from './protocol.ts'

const progressMs = 500
/** Enough to tell the places apart; collecting more costs time with every error. */
const stackFrames = 6

if (parentPort === null) throw new FuzzError('worker.ts runs as a worker thread')
const port = parentPort
await work(workerData)

async function work(order: WorkerOrder): Promise<void> {
  const say = (message: WorkerMessage) => port.postMessage(message)
  const counters = new Counters()
  using _hooks = instrumentImports(counters, new RegExp(order.guidedBy))
  const { execute }: { execute: Execute } = await import(order.module)
  Error.stackTraceLimit = stackFrames
  let outcomes: string[] = []
  const loop = new FuzzLoop({
    execute,
    counters,
    seeds: order.seeds.map((seed) => Buffer.from(seed)),
    seed: order.seed,
    stream: order.stream,
    feedback: order.feedback,
    mailbox: new Mailbox(order.mailbox),
    onFinding: (finding) => say({ kind: 'finding', finding }),
    onOutcome: (key) => outcomes.push(key),
    nowMs: () => performance.now(),
  })
  const report = (kind: 'progress' | 'done') => {
    say({ kind, stats: loop.stats, outcomes })
    outcomes = []
  }
  say({ kind: 'ready', branchesInAll: counters.used })
  loop.runSeeds()
  const endMs = performance.now() + order.durationMs
  let nextReportMs = 0
  for (let nowMs = 0; loop.executions < order.executions && nowMs < endMs; nowMs = performance.now()) {
    if (nowMs > nextReportMs) {
      report('progress')
      nextReportMs = nowMs + progressMs
    }
    loop.runTurn(order.executions - loop.executions)
  }
  report('done')
}
