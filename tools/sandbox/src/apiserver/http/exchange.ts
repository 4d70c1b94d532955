import type { IncomingHttpHeaders } from 'node:http'
import type { ApiError } from '../errors.ts'
import type { Json } from '../json.ts'
import type { Sent } from './observation.ts'

/** What is needed of a request, over whichever version of HTTP it came. */
export type HttpRequest = AsyncIterable<Buffer> &
  Readonly<{
    method?: string | undefined
    url?: string | undefined
    headers: IncomingHttpHeaders
    complete: boolean
  }>

/** What is needed of the answer to it. */
export type HttpResponse = Readonly<{ headersSent: boolean; writableLength: number }> & {
  setHeader(name: string, value: string | string[]): unknown
  writeHead(code: number, headers: Record<string, string | number>): unknown
  flushHeaders?(): void
  write(bytes: string | Buffer, done?: () => void): boolean
  end(bytes: string | Buffer): unknown
  end(): unknown
  destroy(): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'drain', listener: () => void): unknown
  once(event: 'close', listener: () => void): unknown
}

/** One request with its answer. */
export type Exchange = Readonly<{
  request: HttpRequest
  response: HttpResponse
  method: string
  path: string
  query: URLSearchParams
  /** The connection is closed amid the answer, as the faults want it. */
  isCut?: boolean
  /** Told of each answer and of each event of a watch. */
  observe?: (sent: Sent) => void
}>

export function sendJson(exchange: Exchange, code: number, value: Json): void {
  sendBytes(exchange, { code, contentType: 'application/json', body: `${JSON.stringify(value)}\n` })
}

export function sendText(exchange: Exchange, code: number, text: string): void {
  sendBytes(exchange, { code, contentType: 'text/plain; charset=utf-8', body: text })
}

export function sendBytes(
  { request, response, isCut = false, observe }: Exchange,
  { code, contentType, body }: { code: number; contentType: string; body: string | Buffer },
): void {
  const bytes = Buffer.byteLength(body)
  response.writeHead(code, { 'content-type': contentType, 'content-length': bytes })
  observe?.({ kind: 'answer', code: isCut ? 'cut' : code, bytes })
  if (isCut) response.write(body.slice(0, body.length / 2), () => response.destroy())
  else if (request.method === 'HEAD') response.end()
  else response.end(body)
}

/** A metav1.Status; when the answer has begun already there is nothing left to say but to cut it. */
export function sendError(exchange: Exchange, error: ApiError): void {
  if (exchange.response.headersSent) {
    exchange.response.destroy()
    return
  }
  const retryAfter = error.details?.retryAfterSeconds
  if (retryAfter !== undefined) exchange.response.setHeader('retry-after', String(retryAfter))
  // What is left of the body is not read: the connection cannot be used again.
  if (!exchange.request.complete) exchange.response.setHeader('connection', 'close')
  sendJson(exchange, error.httpCode, error.toStatus())
}

export function isTrue(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)
  return value === 'true' || value === '1'
}
