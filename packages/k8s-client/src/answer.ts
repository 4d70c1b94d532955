import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** Is given bytes from `start` to `end` of a buffer that is overwritten afterwards. */
export type ChunkReader = (bytes: Buffer, start: number, end: number) => void

/** The head of an answer, and its body as it arrives. */
export type Answer = AsyncIterable<Buffer> &
  Readonly<{
    status: number
    headers: IncomingHttpHeaders
    /** Probes a silent connection, so that a peer that vanished is noticed by the kernel in the end. */
    keepAlive(intervalMs: number): void
    /**
     * Hands the body over as it arrives, instead of by iteration; each chunk is valid only during the call. Resolves at its
     * end; rejects when it is cut, and with what `onChunk` throws.
     */
    read(onChunk: ChunkReader): Promise<void>
    /** Ends the answer, whatever of it has not come. */
    destroy(): void
  }>

export function answerOf(message: IncomingMessage): Answer {
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    keepAlive: (intervalMs) => void message.socket.setKeepAlive(true, intervalMs),
    destroy: () => void message.destroy(),
    read: (onChunk) => readEach(message, onChunk),
    [Symbol.asyncIterator]: () => message[Symbol.asyncIterator](),
  }
}

export async function readEach(chunks: AsyncIterable<Buffer>, onChunk: ChunkReader): Promise<void> {
  for await (const chunk of chunks) onChunk(chunk, 0, chunk.length)
}
