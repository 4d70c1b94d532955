import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** The head of an answer, and its body as it arrives. */
export type Answer = AsyncIterable<Buffer> &
  Readonly<{
    status: number
    headers: IncomingHttpHeaders
    /** Probes a silent connection, so that a peer that vanished is noticed by the kernel in the end. */
    keepAlive(intervalMs: number): void
    /** Ends the answer, whatever of it has not come. */
    destroy(): void
  }>

export function answerOf(message: IncomingMessage): Answer {
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    keepAlive: (intervalMs) => void message.socket.setKeepAlive(true, intervalMs),
    destroy: () => void message.destroy(),
    [Symbol.asyncIterator]: () => message[Symbol.asyncIterator](),
  }
}
