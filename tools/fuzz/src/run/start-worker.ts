import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { FuzzError } from '../errors.ts'
import type { Finding, FuzzStats } from './fuzz-loop.ts'
import { Mailbox } from './mailbox.ts'
import { readUsage } from './process-usage.ts'
import type { WorkerMessage, WorkerOrder } from './protocol.ts'

const maxHeapMb = 768
/** What is not in the heap as well, such as buffers. */
const maxMemoryBytes = 2 * 1024 ** 3
const maxErrorText = 4000
const noStats: FuzzStats = { executions: 0, outcomes: 0, population: 0, branches: 0, slowestMs: 0 }

type Fault = Readonly<{ key: string; message: string }>

/** How a worker came to its end. `fault` is what it died of, `input` what it was at. */
export type WorkerEnd = Readonly<{ stats: FuzzStats; fault?: Fault; input: Buffer }>

export type WorkerEvents = Readonly<{
  onFinding: (finding: Finding) => void
  onOutcomes: (keys: readonly string[]) => void
  onBranches: (inAll: number) => void
}>

export type RunningWorker = Readonly<{
  /** Rejects with FuzzError when the worker does not get to its first input. */
  ended: Promise<WorkerEnd>
  stats: () => FuzzStats
  /** To be called often: ends a worker that hangs or takes too much memory. */
  check: (hangMs: number) => void
  /** At once, wherever it is; that is no fault. */
  stop: () => void
}>

/** Starts a process that fuzzes as the order says. Its mailbox is a file that the caller removes. */
export function startWorker(order: WorkerOrder, events: WorkerEvents): RunningWorker {
  const mailbox = new Mailbox(order.mailbox)
  const child = fork(new URL('./worker.ts', import.meta.url), {
    serialization: 'advanced',
    execArgv: [`--max-old-space-size=${maxHeapMb}`],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let state: 'starting' | 'running' | 'done' | 'stopped' = 'starting'
  let stats = noStats
  let fault: Fault | undefined
  let move = { sequence: -1, cpuMs: 0 }
  const errorText = collectErrors(child)
  child.on('message', (message: WorkerMessage) => {
    if (message.kind === 'ready') {
      state = 'running'
      events.onBranches(message.branchesInAll)
    } else if (message.kind === 'finding') {
      events.onFinding({ ...message.finding, input: Buffer.from(message.finding.input) })
    } else {
      if (message.kind === 'done') state = 'done'
      stats = message.stats
      events.onOutcomes(message.outcomes)
    }
  })
  child.send(order)
  const kill = (why: Fault) => {
    fault ??= why
    child.kill('SIGKILL')
  }
  return {
    ended: waitForEnd(),
    stats: () => stats,
    check(hangMs) {
      const usage = state === 'running' && child.pid !== undefined ? readUsage(child.pid) : undefined
      if (usage === undefined) return
      const { cpuMs, memoryBytes } = usage
      const { sequence } = mailbox.read()
      if (sequence !== move.sequence) move = { sequence, cpuMs }
      else if (cpuMs - move.cpuMs > hangMs)
        kill({ key: 'hang', message: `one execution takes more than ${hangMs} ms of processor time` })
      if (memoryBytes > maxMemoryBytes) kill({ key: 'memory', message: `${memoryBytes} bytes of memory` })
    },
    stop() {
      state = 'stopped'
      child.kill('SIGKILL')
    },
  }

  async function waitForEnd(): Promise<WorkerEnd> {
    using _mailbox = mailbox
    const [[code, signal]] = await Promise.all([once(child, 'close'), once(child, 'disconnect')])
    const { sequence, input } = mailbox.read()
    if (state === 'done' || state === 'stopped') return { stats, input }
    if (state === 'starting')
      throw new FuzzError(`a worker ended with ${code ?? signal} before it began: ${errorText()}`)
    fault ??= { key: `worker died: ${code ?? signal}`, message: errorText() }
    // It did not come to say how many there were in the end.
    return { stats: { ...stats, executions: sequence }, fault, input }
  }
}

/** What a process writes to its standard error: an engine that gives up says why. */
function collectErrors(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (more: string) => {
    text = `${text}${more}`.slice(0, maxErrorText)
  })
  return () => text
}
