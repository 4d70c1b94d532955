import type { ServerResponse } from 'node:http'
import { CodedError, describeError, isRetryable } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { z } from 'zod'
import { writeList } from './body.ts'
import { ApiLimitError, BadRequestError, NotFoundError } from './errors.ts'
import type { Reply } from './routes.ts'

/** Sends what a route answered. */
export async function send(response: ServerResponse, reply: Reply, signal: AbortSignal): Promise<void> {
  switch (reply.kind) {
    case 'json':
      sendJson(response, reply.httpStatus, reply.value)
      return
    case 'text':
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(reply.text)
      return
    case 'list':
      response.setHeader('content-type', 'application/json')
      await writeList(response, reply.rows, signal)
  }
}

export function sendJson(response: ServerResponse, httpStatus: number, value: unknown): void {
  const text = `${JSON.stringify(value)}\n`
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
  response.writeHead(httpStatus, headers).end(text)
}

/** Tells the client of a failure; what is our own fault is logged. */
export function sendFailure(
  response: ServerResponse,
  error: unknown,
  { log, signal }: { log: Logger; signal: AbortSignal },
): void {
  // Nobody is left to be told.
  if (response.destroyed) return
  const httpStatus = httpStatusOf(error, signal)
  if (httpStatus === 500) log.error('request failed', { error: describeError(error) })
  if (response.headersSent) {
    response.destroy()
    return
  }
  const message = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error)
  const hint = error instanceof CodedError ? error.hint : undefined
  sendJson(response, httpStatus, { code: codeOf(error), message, ...(hint === undefined ? {} : { hint }) })
}

function httpStatusOf(error: unknown, signal: AbortSignal): number {
  if (error instanceof NotFoundError) return 404
  if (error instanceof BadRequestError || error instanceof z.ZodError) return 400
  if (error instanceof ApiLimitError) return 429
  return signal.aborted || isRetryable(error) ? 503 : 500
}

function codeOf(error: unknown): string {
  if (error instanceof z.ZodError) return 'BAD_REQUEST'
  return error instanceof CodedError ? error.code : 'INTERNAL'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
