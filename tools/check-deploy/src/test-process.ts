import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'

export type TestProcess = AsyncDisposable &
  Readonly<{
    stdout: Readable
    /** Resolves when it has ended, for whatever reason. */
    ended: Promise<unknown>
  }>

/** A program of this repository under this Node, without the environment of the tests. */
export function startProgram(main: string, args: readonly string[]): TestProcess {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(child, 'exit')
  return {
    stdout: child.stdout,
    ended,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await ended
      clearTimeout(late)
    },
  }
}
