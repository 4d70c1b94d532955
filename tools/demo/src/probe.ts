import type { Socket } from 'node:net'
import { CodedError } from '@axoneme/lifecycle'
import { connectInNetns } from '@axoneme/syscalls'

/**
 * What a client sees: `open` with the pod that answered (`namespace/name`), `refused` by a reset or an ICMP error,
 * or nothing at all, which is how a packet filter says no.
 */
export type Outcome =
  | Readonly<{ kind: 'open'; answeredBy: string }>
  | Readonly<{ kind: 'refused'; reason: string }>
  | Readonly<{ kind: 'timeout' }>

export type ProbeTarget = Readonly<{ netns: string; address: string; port: number }>

/** One connection from inside a pod, one line and its answer. `timeoutMs` bounds each of the two. */
export async function probe(
  target: ProbeTarget,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<Outcome> {
  let talk: Conversation
  try {
    talk = await openConversation(target, { timeoutMs, signal })
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof CodedError)) throw error
    return error.code === 'ETIMEDOUT' ? { kind: 'timeout' } : { kind: 'refused', reason: error.code }
  }
  using _ = talk
  const answer = await talk.ask('probe', timeoutMs)
  return answer === undefined ? { kind: 'timeout' } : { kind: 'open', answeredBy: answer.split(' ')[0] ?? '' }
}

/** An open connection to one of the sandbox's servers. */
export type Conversation = Disposable & {
  /** Sends a line and waits for the answer to it; undefined when none came in time or the connection ended. */
  ask(line: string, timeoutMs: number): Promise<string | undefined>
}

/** @throws SyscallError when the connection cannot be made. */
export async function openConversation(
  { netns, address, port }: ProbeTarget,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<Conversation> {
  const socket = await connectInNetns({ netns, address, port, timeoutMs, signal })
  return converse(socket)
}

function converse(socket: Socket): Conversation {
  const waiting = new Map<string, (answer: string | undefined) => void>()
  let pending = ''
  let ended = false
  const end = () => {
    ended = true
    for (const resolve of waiting.values()) resolve(undefined)
    waiting.clear()
  }
  socket
    .setEncoding('utf8')
    .setNoDelay(true)
    .on('data', (text: string) => {
      const lines = (pending + text).split('\n')
      pending = lines.pop() ?? ''
      for (const line of lines) {
        const asked = line.slice(line.lastIndexOf(' ') + 1)
        waiting.get(asked)?.(line)
        waiting.delete(asked)
      }
    })
    .on('error', end)
    .on('close', end)
  return {
    ask: (line, timeoutMs) =>
      new Promise((resolve) => {
        if (ended) return resolve(undefined)
        const timer = setTimeout(() => {
          waiting.delete(line)
          resolve(undefined)
        }, timeoutMs)
        waiting.set(line, (answer) => {
          clearTimeout(timer)
          resolve(answer)
        })
        socket.write(`${line}\n`)
      }),
    [Symbol.dispose]: () => {
      end()
      // A reset leaves no TIME-WAIT behind in the pod.
      socket.resetAndDestroy()
    },
  }
}
