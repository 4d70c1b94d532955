import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { BadRequestError } from './errors.ts'

const chunkCharacters = 65_536

/** The whole body as text. @throws BadRequestError when it is longer than `maxBytes`. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBytes) throw new BadRequestError(`read a body of more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** Writes rows as one JSON array without holding its whole text, and without keeping the thread for long. */
export async function writeList(
  response: ServerResponse,
  rows: Iterable<unknown>,
  signal: AbortSignal,
): Promise<void> {
  let text = '['
  let first = true
  for (const row of rows) {
    text += first ? JSON.stringify(row) : `,${JSON.stringify(row)}`
    first = false
    if (text.length < chunkCharacters) continue
    if (!response.write(text)) await once(response, 'drain', { signal })
    text = ''
  }
  response.end(`${text}]\n`)
}
