import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CodedError, sleep } from '@axoneme/lifecycle'
import { checkApiserver } from './check-apiserver.ts'
import { childEnvironment, cniExecutable } from './commands.ts'
import { type DaemonStatus, daemonStatus } from './daemon-api.ts'
import type { Instance } from './instance.ts'
import { createDirectories } from './instance-state.ts'
import { endProcesses, identifyProcess, isAlive, type ProcessId } from './processes.ts'
import { readState, type SandboxOptions } from './state-file.ts'
import { removeEverything } from './teardown.ts'

const pollMs = 50
const stopGraceMs = 20_000

export type UpOptions = Readonly<{
  options: SandboxOptions
  /** Told each step that was reached and, when nothing moves for a while, what is waited for. */
  onProgress: (step: string) => void
  /** The sandbox ends when this process ends, however it ends. */
  tied: boolean
  signal: AbortSignal
  timeoutMs?: number
}>

/**
 * Brings a sandbox up and returns when every agent is ready. When that fails, nothing is left.
 *
 * @throws SANDBOX_EXISTS, SANDBOX_FAILED, SANDBOX_TIMEOUT, or what is wrong with the options.
 */
export async function upSandbox(
  instance: Instance,
  { options, onProgress, tied, signal, timeoutMs = 120_000 }: UpOptions,
): Promise<DaemonStatus> {
  if (!existsSync(cniExecutable)) {
    throw new CodedError('NOT_BUILT', `find the CNI executable ${cniExecutable}`, {
      hint: './dev setup builds it',
    })
  }
  if (options.apiserver !== undefined) await checkApiserver(options.apiserver, { signal })
  await claim(instance)
  try {
    createDirectories(instance, options)
    const daemon = startDaemon(instance, tied)
    return await waitUntilReady(instance, { daemon, onProgress, signal, timeoutMs })
  } catch (error) {
    await downSandbox(instance)
    throw error
  }
}

/** Takes a sandbox away, or what is left of one. Does nothing when there is nothing. */
export async function downSandbox(instance: Instance): Promise<void> {
  const daemon = readStateLeniently(instance)?.daemon
  // Politely first: the daemon stops what it supervises in order.
  if (daemon !== undefined) await endProcesses([daemon], { graceMs: stopGraceMs })
  await removeEverything(instance)
}

/** The daemon's process, when it runs. */
export function runningDaemon(instance: Instance): ProcessId | undefined {
  const daemon = readStateLeniently(instance)?.daemon
  return daemon !== undefined && isAlive(daemon) ? daemon : undefined
}

/** What an interrupted sandbox left is removed; a running one is an error. */
async function claim(instance: Instance): Promise<void> {
  if (runningDaemon(instance) !== undefined) {
    throw new CodedError('SANDBOX_EXISTS', `sandbox '${instance.name}' is up already`, {
      hint: './dev sandbox status shows it, ./dev sandbox down takes it away',
    })
  }
  await removeEverything(instance)
}

/** A file that cannot be understood must not keep anybody from removing the sandbox. */
function readStateLeniently(instance: Instance) {
  try {
    return readState(instance.stateFile)
  } catch (error) {
    if (error instanceof CodedError && error.code === 'SANDBOX_STATE') return undefined
    throw error
  }
}

function startDaemon(instance: Instance, tied: boolean): ProcessId {
  const logFd = openSync(daemonLog(instance), 'a', 0o600)
  try {
    const main = fileURLToPath(new URL('daemon-main.ts', import.meta.url))
    const child = spawn(process.execPath, [main, instance.name, tied ? 'tied' : 'free'], {
      detached: true,
      env: { ...childEnvironment(instance) },
      // A pipe that nobody writes to: it closes when this process ends, whatever ends it.
      stdio: [tied ? 'pipe' : 'ignore', logFd, logFd],
    })
    child.unref()
    const pipe = child.stdin
    if (pipe !== null && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref()
    const id = child.pid === undefined ? undefined : identifyProcess(child.pid)
    if (id === undefined) throw new CodedError('SANDBOX_FAILED', 'start the sandbox daemon')
    return id
  } finally {
    closeSync(logFd)
  }
}

async function waitUntilReady(
  instance: Instance,
  {
    daemon,
    onProgress,
    signal,
    timeoutMs,
  }: { daemon: ProcessId; onProgress: (step: string) => void; signal: AbortSignal; timeoutMs: number },
): Promise<DaemonStatus> {
  const reportIdleMs = 5_000
  let told = 0
  let lastChangeMs = performance.now()
  const deadlineMs = lastChangeMs + timeoutMs
  for (;;) {
    const status = await daemonStatus(instance, { signal }).catch((error: unknown) => {
      signal.throwIfAborted()
      if (isAlive(daemon)) return undefined
      const log = tail(daemonLog(instance), 12)
      throw new CodedError('SANDBOX_FAILED', 'the sandbox daemon ended', {
        cause: log === '' ? error : new Error(log),
      })
    })
    for (const step of status?.progress.slice(told) ?? []) {
      onProgress(step)
      told++
      lastChangeMs = performance.now()
    }
    if (status?.phase === 'ready') return status
    if (status?.phase === 'failed') {
      throw new CodedError('SANDBOX_FAILED', `bring sandbox '${instance.name}' up`, {
        cause: new Error(status.error),
      })
    }
    if (performance.now() > deadlineMs) throw timeoutError(instance, status)
    if (performance.now() - lastChangeMs > reportIdleMs) {
      onProgress(`waiting for ${waitedFor(instance, status)}`)
      lastChangeMs = performance.now()
    }
    await sleep(pollMs, { signal })
  }
}

function timeoutError(instance: Instance, status: DaemonStatus | undefined): CodedError {
  const waiting = waitedFor(instance, status)
  return new CodedError('SANDBOX_TIMEOUT', `sandbox '${instance.name}' is not ready: it waits for ${waiting}`)
}

/** For people: the nodes that are not ready and why, and the children that do not stay alive. */
function waitedFor(instance: Instance, status: DaemonStatus | undefined): string {
  const nodes =
    status?.nodes.filter((node) => !node.ready).map((node) => `${node.name} (${node.waitingFor})`) ?? []
  const ended = status?.children
    .filter((child) => child.restarts > 0)
    .map(({ name, restarts, lastExit }) => {
      return `${name} ended ${restarts} times, ${lastExit}: ${lastWords(`${instance.logDir}/${name}.log`)}`
    })
  const waiting = nodes.length === 0 ? 'the daemon' : nodes.join(', ')
  return [waiting, ...(ended ?? [])].join('; ')
}

function daemonLog(instance: Instance): string {
  return `${instance.logDir}/daemon.log`
}

/** The last lines of a log; empty when there is none. */
function tail(path: string, lines: number): string {
  if (!existsSync(path)) return ''
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
}

/** The line that most likely says why a process ended: a stack trace and the runtime's version may follow it. */
function lastWords(path: string): string {
  const lines = tail(path, 15).split('\n')
  return (lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? '').trim()
}
