import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { type Answer, answerOf } from './answer.ts'
import type { Connection } from './connection.ts'
import type { K8sMethod } from './types.ts'

/** Sends requests over kept-alive connections. */
export type Transport = Disposable & {
  /** Resolves when the headers of the answer are there. Aborting the signal destroys the connection, also later. */
  send(connection: Connection, message: TransportMessage): Promise<Answer>
}

export type TransportMessage = Readonly<{
  method: K8sMethod
  /** With the query. */
  path: string
  headers: Readonly<Record<string, string>>
  body: Buffer | undefined
  signal: AbortSignal
}>

/** As many as clients written in Go keep: what a burst needed is there for the next one. */
const maxFreeSockets = 25
/**
 * Servers and load balancers close what was idle for a minute or more, without a word, and a write that meets that close
 * fails: it may have been done. Those that close sooner say so in each answer, which Node heeds.
 */
const defaultMaxIdleMs = 30_000

export function createTransport({ maxIdleMs = defaultMaxIdleMs } = {}): Transport {
  // Connections are pooled by their TLS options, so rotated credentials make new ones.
  const options = { keepAlive: true, keepAliveMsecs: 30_000, maxFreeSockets, timeout: maxIdleMs }
  const plain = new HttpAgent(options)
  const secure = new HttpsAgent(options)
  return {
    async send(connection, message) {
      const agent = connection.agent ?? (connection.server.protocol === 'https:' ? secure : plain)
      for (;;) {
        const outcome = await sendOnce(connection, message, agent)
        if (outcome.kind === 'answer') return outcome.answer
        // The server closed an idle connection just when we used it: that says nothing about the request.
        if (!(outcome.reusedSocket && message.method === 'GET' && isReset(outcome.error))) throw outcome.error
        message.signal.throwIfAborted()
      }
    },
    [Symbol.dispose]() {
      plain.destroy()
      secure.destroy()
    },
  }
}

type Outcome =
  | Readonly<{ kind: 'answer'; answer: Answer }>
  | Readonly<{ kind: 'error'; error: Error; reusedSocket: boolean }>

function sendOnce(connection: Connection, message: TransportMessage, agent: HttpAgent): Promise<Outcome> {
  const { server } = connection
  const isSecure = server.protocol === 'https:'
  const options: RequestOptions = {
    agent,
    host: server.hostname.replace(/^\[|\]$/g, ''),
    port: server.port || (isSecure ? 443 : 80),
    method: message.method,
    path: server.pathname.replace(/\/$/, '') + message.path,
    headers: { ...message.headers, ...connection.headers },
    signal: message.signal,
    ...(isSecure ? connection.tls : {}),
  }
  return new Promise((resolve) => {
    const request = isSecure ? httpsRequest(options) : httpRequest(options)
    request.once('response', (answer) => resolve({ kind: 'answer', answer: answerOf(answer) }))
    request.on('error', (error) => resolve({ kind: 'error', error, reusedSocket: request.reusedSocket }))
    request.end(message.body)
  })
}

function isReset(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
}
