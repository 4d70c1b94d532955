import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { BenchError } from './errors.ts'

const sourceDir = join(import.meta.dirname, '..', 'c')

/** A C program that runs beside us and answers each line with a line, so that both sides are measured in turns. */
export type CPeer = AsyncDisposable & Readonly<{ ask(command: string): Promise<string> }>

/** Builds `c/NAME.c` against libbpf and starts it. Throws BenchError with the compiler's words. */
export async function startCPeer(
  name: string,
  { args, workDir, signal }: { args: readonly string[]; workDir: string; signal: AbortSignal },
): Promise<CPeer> {
  const executable = join(workDir, name)
  const source = join(sourceDir, `${name}.c`)
  try {
    await promisify(execFile)('clang', ['-O2', '-Wall', source, '-lbpf', '-o', executable], { signal })
  } catch (cause) {
    signal.throwIfAborted()
    throw new BenchError(`build the peer ${name}`, { cause, hint: 'it needs clang and libbpf-dev' })
  }
  const child = spawn(executable, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  return converse(name, child)
}

function converse(name: string, child: ChildProcess): CPeer {
  const { stdin, stdout, stderr } = child
  if (stdin === null || stdout === null || stderr === null) throw new TypeError('the peer has no pipes')
  const ended = once(child, 'close')
  ended.catch(() => {})
  // What fails to be written shows as the end of the answers.
  stdin.on('error', () => {})
  let complaints = ''
  stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-4000)
  })
  const answers = createInterface({ input: stdout })[Symbol.asyncIterator]()
  return {
    async ask(command) {
      stdin.write(`${command}\n`)
      const answer = await answers.next()
      if (answer.done !== true) return answer.value
      const [code, signalName] = await ended
      throw new BenchError(`the peer ${name} ended (${signalName ?? `code ${code}`})`, {
        cause: new Error(complaints.trim() || 'without a word'),
      })
    },
    async [Symbol.asyncDispose]() {
      stdin.end()
      child.kill('SIGTERM')
      await ended.catch(() => {})
    },
  }
}
