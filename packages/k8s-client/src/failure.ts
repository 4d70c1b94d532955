import type { IncomingHttpHeaders } from 'node:http'
import { type ApiStatus, DecodeError, decodeStatus, wireFormatOf } from '@axoneme/slim-types'
import { K8sApiError } from './errors.ts'

/** What a failed call was, for its message. */
export type Call = Readonly<{
  method: string
  path: string
  /** The server's address. */
  server: string
  /** Where the credentials are from. */
  configuredBy: string
}>

/** The longest wait that a server is granted; longer ones are a mistake or hostile. */
const maxRetryAfterMs = 10 * 60_000
const maxMessageLength = 1000

/** The error for an answer of 400 or more. */
export function refusedError(
  call: Call,
  answer: Readonly<{ status: number; headers: IncomingHttpHeaders; body: Buffer }>,
): K8sApiError {
  const status = statusOf(answer.headers, answer.body)
  const said = (status?.message || answer.body.toString('utf8', 0, maxMessageLength)).trim()
  const reason = status?.reason || `HTTP ${answer.status}`
  const hint = hintFor(answer.status, call)
  return new K8sApiError(
    `${call.method} ${call.path}: ${answer.status} ${reason}: ${said.slice(0, maxMessageLength)}`,
    {
      status: answer.status,
      reason,
      retryAfterMs: retryAfterMs(answer.headers['retry-after'], status?.retryAfterSeconds ?? 0),
      ...(hint === undefined ? {} : { hint }),
    },
  )
}

/** The error for a call that was not answered, or not to its end. */
export function unansweredError(call: Call, cause: unknown, timedOut: boolean): K8sApiError {
  const what = `${call.method} ${call.path}`
  if (timedOut) {
    return new K8sApiError(`${what}: no answer in time`, {
      status: 0,
      reason: 'Timeout',
      cause,
      hint: unreachableHint(call),
    })
  }
  // Node refuses paths and headers with characters that HTTP does not have; the server was never asked.
  if (cause instanceof TypeError) {
    return new K8sApiError(`${what}: not a valid request`, { status: 0, reason: 'InvalidRequest', cause })
  }
  return new K8sApiError(`${what}: no answer`, {
    status: 0,
    reason: 'NetworkError',
    cause,
    hint: isCertificateError(cause)
      ? `the certificate of ${call.server} does not fit the authority in ${call.configuredBy}`
      : unreachableHint(call),
  })
}

function unreachableHint({ server, configuredBy }: Call): string {
  return `is the apiserver at ${server} (from ${configuredBy}) running and reachable from here?`
}

function statusOf(headers: IncomingHttpHeaders, body: Buffer): ApiStatus | undefined {
  try {
    return decodeStatus(body, wireFormatOf(headers['content-type']))
  } catch (error) {
    // Proxies and aggregated servers answer with plain text: then the text is the message.
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

/** The header has whole seconds or a date (RFC 9110, 10.2.3). */
function retryAfterMs(header: string | undefined, seconds: number): number {
  const text = header?.trim() ?? ''
  const fromHeaderMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  const ms = Number.isFinite(fromHeaderMs) ? fromHeaderMs : seconds * 1000
  return Math.min(maxRetryAfterMs, Math.max(0, ms))
}

function hintFor(status: number, { method, path, configuredBy }: Call): string | undefined {
  if (status === 401)
    return `the credentials in ${configuredBy} are not accepted: expired, or of another cluster?`
  if (status === 403) {
    return `the account in ${configuredBy} may not ${method} ${path}: check its ClusterRole and its binding`
  }
  return undefined
}

const certificateErrors = /^(ERR_TLS_|ERR_SSL_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH)/

function isCertificateError(cause: unknown): boolean {
  if (!(cause instanceof Error) || !('code' in cause)) return false
  return typeof cause.code === 'string' && certificateErrors.test(cause.code)
}
