/**
 * Runs the loop in a process of its own. Threads of one process are not enough: a thread that runs out of memory can
 * take the process along, and one that hangs in the engine's own code cannot be ended.
 */
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { Counters } from '../guidance/counters.ts'
import { instrumentImports } from '../guidance/hooks.ts'
import type { Execute, Mutator } from '../target.ts'
import { FuzzLoop } from './fuzz-loop.ts'
import { Mailbox } from './mailbox.ts'
import type { WorkerMessage, WorkerOrder } from './protocol.ts'

const progressMs = 500
/** Enough to tell the places apart; collecting more costs time with every error. */
const stackFrames = 6

// Nobody is left to report to.
process.once('disconnect', () => process.exit())
await work((await once(process, 'message'))[0])
process.disconnect?.()

async function work(order: WorkerOrder): Promise<void> {
  const counters = new Counters()
  using _hooks = instrumentImports(counters, new RegExp(order.guidedBy))
  const { execute }: { execute: Execute } = await import(order.module)
  const { mutator }: { mutator: Mutator } = await import(order.mutations)
  Error.stackTraceLimit = stackFrames
  using mailbox = new Mailbox(order.mailbox)
  let outcomes: string[] = []
  const loop = new FuzzLoop({
    execute,
    mutator,
    counters,
    seeds: order.seeds.map((seed) => Buffer.from(seed)),
    seed: order.seed,
    stream: order.stream,
    feedback: order.feedback,
    mailbox,
    onFinding: (finding) => void say({ kind: 'finding', finding }),
    onOutcome: (key) => outcomes.push(key),
    nowMs: () => performance.now(),
  })
  const report = async (kind: 'progress' | 'done') => {
    const said = say({ kind, stats: loop.stats, outcomes })
    outcomes = []
    // Now it is noticed that the main process has gone.
    await Promise.all([said, turn()])
  }
  await say({ kind: 'ready', branchesInAll: counters.used })
  loop.runSeeds()
  const endMs = performance.now() + order.durationMs
  let nextReportMs = 0
  for (let nowMs = 0; loop.executions < order.executions && nowMs < endMs; nowMs = performance.now()) {
    if (nowMs > nextReportMs) {
      await report('progress')
      nextReportMs = nowMs + progressMs
    }
    loop.runTurn(order.executions - loop.executions)
  }
  await report('done')
}

/** Resolves when the message is on its way: what is not when this process ends is lost. */
async function say(message: WorkerMessage): Promise<void> {
  if (process.send === undefined) return
  const { promise, resolve } = Promise.withResolvers<void>()
  process.send(message, () => resolve())
  await promise
}
