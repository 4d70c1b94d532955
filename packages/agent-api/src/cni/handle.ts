import type { IncomingHttpHeaders } from 'node:http'
import type { Attachment } from '@axoneme/endpoint'
import { ApiLimitError } from '../errors.ts'
import { CniError, cniCodeOf, cniErrorBody, cniErrorCode } from './error.ts'
import { type CniRequest, parseCniRequest, versionOf } from './request.ts'
import { type CniAddResult, formatAddResult } from './result.ts'

/** What carries a CNI call out. Each rejects with a CniError, or any error, which becomes 11 or 999. */
export type CniHandlers = {
  /** Undoes itself when it fails. */
  add(request: CniRequest, signal: AbortSignal): Promise<CniAddResult>
  /** Idempotent: what is gone is fine. */
  del(request: CniRequest, signal: AbortSignal): Promise<void>
  /** Rejects when something of `config.prevResult` that is ours is missing or wrong. */
  check(request: CniRequest, signal: AbortSignal): Promise<void>
  /** Removes every attachment that is not among `validAttachments`. */
  gc(validAttachments: readonly Attachment[], signal: AbortSignal): Promise<void>
  /** Rejects when an ADD would fail now. */
  status(signal: AbortSignal): Promise<void>
}

/** What goes back: `body` is printed on the runtime's side as it is; undefined prints nothing. */
export type CniReply = Readonly<{ httpStatus: number; body: unknown; error?: unknown }>

export async function handleCni(
  handlers: CniHandlers,
  { headers, body }: { headers: IncomingHttpHeaders; body: string },
  signal: AbortSignal,
): Promise<CniReply> {
  try {
    return { httpStatus: 200, body: await dispatch(handlers, parseCniRequest(headers, body), signal) }
  } catch (cause) {
    const error = signal.aborted ? interrupted(cause, signal) : cause
    return { httpStatus: httpStatusOf(error), body: cniErrorBody(error, versionOf(body)), error }
  }
}

async function dispatch(handlers: CniHandlers, request: CniRequest, signal: AbortSignal): Promise<unknown> {
  switch (request.command) {
    case 'ADD':
      return formatAddResult(request, await handlers.add(request, signal))
    case 'DEL':
      return handlers.del(request, signal)
    case 'CHECK':
      return handlers.check(request, signal)
    case 'GC':
      return handlers.gc(request.config.validAttachments, signal)
    case 'STATUS':
      return handlers.status(signal)
  }
}

function httpStatusOf(error: unknown): number {
  if (error instanceof ApiLimitError) return 429
  const code = cniCodeOf(error)
  if (code < cniErrorCode.tryAgainLater) return 400
  return code === cniErrorCode.internal ? 500 : 503
}

/** The agent stops, or time is up: the same call may succeed later, whatever the handler made of it. */
function interrupted(error: unknown, signal: AbortSignal): CniError {
  if (error instanceof CniError) return error
  const reason = signal.reason instanceof Error ? signal.reason.message : String(signal.reason)
  return new CniError(cniErrorCode.tryAgainLater, `interrupted: ${reason}`, { cause: error })
}
