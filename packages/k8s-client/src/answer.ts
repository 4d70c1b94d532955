import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** Where the parts of a body lie in a buffer: of each its start and its end, one after the other. */
export type BodyParts = readonly number[]

/** Is given what one read brought. Until it returns the buffer is its own, with what lies between the parts. */
export type BodyReader = (bytes: Buffer, parts: BodyParts) => void

/** The head of an answer, and its body as it arrives. */
export type Answer = AsyncIterable<Buffer> &
  Readonly<{
    status: number
    headers: IncomingHttpHeaders
    /** Probes a silent connection, so that a peer that vanished is noticed by the kernel in the end. */
    keepAlive(intervalMs: number): void
    /**
     * Hands the body over as it arrives, instead of by iteration. Resolves at its end; rejects when it is cut, and with what
     * `onRead` throws.
     */
    read(onRead: BodyReader): Promise<void>
    /** Ends the answer, whatever of it has not come. */
    destroy(): void
  }>

export function answerOf(message: IncomingMessage): Answer {
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    keepAlive: (intervalMs) => void message.socket.setKeepAlive(true, intervalMs),
    destroy: () => void message.destroy(),
    read: (onRead) => readEach(message, onRead),
    [Symbol.asyncIterator]: () => message[Symbol.asyncIterator](),
  }
}

export async function readEach(chunks: AsyncIterable<Buffer>, onRead: BodyReader): Promise<void> {
  for await (const chunk of chunks) onRead(chunk, [0, chunk.length])
}
