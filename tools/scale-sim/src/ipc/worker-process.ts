import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { abortable } from '@axoneme/lifecycle'
import type { z } from 'zod'
import { ScaleSimError } from '../errors.ts'
import { answerSchema } from './commands.ts'

export type WorkerProcess = AsyncDisposable &
  Readonly<{
    pid: number
    /** Rejects with what the process says is wrong, or when it has ended. */
    call<Schema extends z.ZodType>(
      command: string,
      call: { argument?: unknown; answer: Schema; signal: AbortSignal },
    ): Promise<z.output<Schema>>
  }>

export type WorkerSpec = Readonly<{
  name: string
  /** A module that calls `serveCommands`. */
  module: URL
  env: Readonly<Record<string, string>>
  logFile: string
  /** Path of the network namespace to run in; this process's own without it. */
  netns?: string
  maxHeapMb: number
}>

/**
 * So that the collector seldom walks what stays: objects of requests die young, and what does not is let be until most of
 * the heap is full. Each walk of the gigabytes of a cluster stops the process for a second or two where there are two cores,
 * which an apiserver written in Go does not know.
 */
const heapFlags = (maxHeapMb: number) => [
  `--max-old-space-size=${maxHeapMb}`,
  `--initial-old-space-size=${Math.round(0.8 * maxHeapMb)}`,
  '--max-semi-space-size=64',
  '--no-memory-reducer',
  // Otherwise each 64 MB of buffers that came and went are a reason.
  '--external-memory-accounted-in-global-limit',
]

/** Starts a process of the simulation; it ends when it is disposed, or with this one. */
export function startWorker({ name, module, env, logFile, netns, maxHeapMb }: WorkerSpec): WorkerProcess {
  const command = [
    ...(netns === undefined ? [] : ['nsenter', `--net=${netns}`, '--']),
    ...[process.execPath, ...heapFlags(maxHeapMb), fileURLToPath(module)],
  ] as const
  const log = openSync(logFile, 'a', 0o600)
  const child = spawn(command[0] ?? process.execPath, command.slice(1), {
    env,
    stdio: ['ignore', log, log, 'ipc'],
  })
  closeSync(log)
  const { pid } = child
  if (pid === undefined) throw new ScaleSimError(`start ${name}`, { hint: 'is nsenter there?' })
  const pending = new Map<number, PromiseWithResolvers<unknown>>()
  let lastId = 0
  child.on('message', (message) => {
    const { id, result, problem } = answerSchema.parse(message)
    if (problem === undefined) pending.get(id)?.resolve(result)
    else pending.get(id)?.reject(new ScaleSimError(`${name}: ${problem}`))
    pending.delete(id)
  })
  // What is wrong with it is told by its end.
  child.on('error', () => {})
  child.once('exit', (code, signal) => {
    const last = readFileSync(logFile, 'utf8').slice(-1500)
    const gone = new ScaleSimError(`${name} ended with ${signal ?? code}: ${last}`)
    for (const call of pending.values()) call.reject(gone)
  })
  return {
    pid,
    async call(command, { argument, answer, signal }) {
      if (!isRunning(child)) throw new ScaleSimError(`${name} has ended`)
      const id = ++lastId
      const waiting = Promise.withResolvers<unknown>()
      pending.set(id, waiting)
      child.send({ id, command, argument: argument ?? null })
      return answer.parse(await abortable(waiting.promise, signal))
    },
    async [Symbol.asyncDispose]() {
      if (!isRunning(child)) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}
