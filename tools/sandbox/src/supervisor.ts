import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { nextDelayMs, type RetryPolicy } from '@axoneme/backoff'
import { sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { endProcesses, identifyProcess, type ProcessId } from './processes.ts'

export type ChildSpec = Readonly<{
  name: string
  command: readonly [string, ...string[]]
  env: Readonly<Record<string, string>>
  /** Gets the child's stdout and stderr, appended. */
  logFile: string
}>

type ChildStatus = Readonly<{
  name: string
  /** Undefined between two lives. */
  process: ProcessId | undefined
  restarts: number
  /** How the last life ended, for people; empty in the first. */
  lastExit: string
}>

export type SupervisedChild = AsyncDisposable & {
  status(): ChildStatus
}

const restartPolicy: RetryPolicy = { minMs: 100, maxMs: 10_000 }
/** A child that lived this long starts with the shortest delay again. */
const stableAfterMs = 10_000

/**
 * Keeps a child process running, like a DaemonSet: one that ends, however it ends, is started again after a backoff.
 * Disposing stops it for good.
 */
export function superviseChild(
  spec: ChildSpec,
  { log, onChange = () => {}, random = Math.random, stopGraceMs = 5_000 }: SuperviseOptions,
): SupervisedChild {
  const stop = new AbortController()
  let running: ProcessId | undefined
  let restarts = 0
  let lastExit = ''

  const live = async (): Promise<void> => {
    for (let attempt = 1, previousMs = 0; !stop.signal.aborted; attempt++) {
      const startedMs = performance.now()
      const child = startProcess(spec)
      running = child.pid === undefined ? undefined : identifyProcess(child.pid)
      onChange()
      const exit = await exitOf(child)
      running = undefined
      if (stop.signal.aborted) return
      lastExit = exit
      restarts++
      if (performance.now() - startedMs > stableAfterMs) attempt = 1
      previousMs = nextDelayMs(restartPolicy, { attempt, previousMs, random })
      log.warn('child ended', { child: spec.name, exit, restartInMs: Math.round(previousMs) })
      onChange()
      await sleep(previousMs, { signal: stop.signal }).catch(() => {})
    }
  }
  const done = live()

  return {
    status: () => ({ name: spec.name, process: running, restarts, lastExit }),
    async [Symbol.asyncDispose]() {
      stop.abort()
      if (running !== undefined) await endProcesses([running], { graceMs: stopGraceMs })
      await done
    },
  }
}

export type SuperviseOptions = Readonly<{
  log: Logger
  /** Told after each start and end. */
  onChange?: () => void
  random?: () => number
  /** From SIGTERM to SIGKILL. */
  stopGraceMs?: number
}>

function startProcess(spec: ChildSpec): ChildProcess {
  const logFd = openSync(spec.logFile, 'a', 0o600)
  try {
    const [file, ...args] = spec.command
    return spawn(file, args, { env: spec.env, stdio: ['ignore', logFd, logFd] })
  } finally {
    closeSync(logFd)
  }
}

/** How the process ended, for people; also when it could not be started. */
function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
}
