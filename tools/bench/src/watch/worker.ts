import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import { BenchError } from '../errors.ts'

/** A process of this benchmark that answers questions, one at a time. */
export type Worker = AsyncDisposable & {
  ask<Answer>(question: object, answer: z.ZodType<Answer>): Promise<Answer>
}

/** Starts the module `main` with `--expose-gc`. */
export function startWorker(
  main: URL,
  { args = [], signal }: { args?: readonly string[]; signal: AbortSignal },
): Worker {
  const file = fileURLToPath(main)
  const child = spawn(process.execPath, ['--expose-gc', file, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    signal,
    killSignal: 'SIGKILL',
  })
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  return {
    async ask(question, answer) {
      signal.throwIfAborted()
      child.send(question)
      const reply = await Promise.race([once(child, 'message'), exited.then(() => undefined)])
      signal.throwIfAborted()
      if (reply === undefined) throw new BenchError(`${file} of the benchmark ended`)
      return answer.parse(reply[0])
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** The worker's side: answers each question of the parent; ends when the parent does, or when it has no answer. */
export function answerParent(answer: (question: unknown) => Promise<object>): void {
  process.on('disconnect', () => process.exit())
  process.on('message', async (question) => {
    process.send?.(await answer(question))
  })
}
