import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { BenchError } from '../errors.ts'

/**
 * How often the timer looks at the event loop, in ms; the agent's metric has the same. A loop that was blocked for B ms
 * shows as B to B + this, so what is left when it is taken off is at most this much too little.
 */
export const lagPeriodMs = 5

/** A process that does nothing but look at its own event loop: what it sees is the machine's doing. */
export type IdleProcess = AsyncDisposable & {
  /** Longest lag since the last call, in ms, the timer's period taken off. */
  takeLagMs(): Promise<number>
}

export function startIdleProcess(): IdleProcess {
  const main = fileURLToPath(new URL('idle-process.ts', import.meta.url))
  const child = spawn(process.execPath, [main, String(lagPeriodMs)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  exited.catch(() => {})
  return {
    async takeLagMs() {
      child.send('lag')
      const answer = await Promise.race([once(child, 'message'), exited.then(() => undefined)])
      if (answer === undefined) throw new BenchError('the idle process of the control ended')
      return Math.max(0, Number(answer[0]) - lagPeriodMs)
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited.catch(() => {})
    },
  }
}
