import { CodedError } from '@axoneme/lifecycle'

/** The connection to a cluster cannot be made from what was given: a file, its content, or the environment. */
export class K8sConfigError extends CodedError {
  constructor(message: string, options: { cause?: unknown; hint?: string; retryable?: boolean } = {}) {
    super('K8S_CONFIG', message, options)
  }
}

export type K8sApiErrorDetails = Readonly<{
  /** The HTTP status; 0 when there was no answer. */
  status: number
  /** The reason of the Status (`Conflict`, `Expired`, ...); `NetworkError`, `Timeout` or `InvalidRequest` without an answer. */
  reason: string
  /** How long the server wants to be left alone; 0 when it did not say. */
  retryAfterMs?: number
  hint?: string
  cause?: unknown
}>

/** A call that the apiserver refused or did not answer. */
export class K8sApiError extends CodedError {
  readonly status: number
  readonly reason: string
  readonly retryAfterMs: number

  constructor(message: string, details: K8sApiErrorDetails) {
    super('K8S_API', message, {
      cause: details.cause,
      retryable: isRetryableStatus(details.status, details.reason),
      ...(details.hint === undefined ? {} : { hint: details.hint }),
    })
    this.status = details.status
    this.reason = details.reason
    this.retryAfterMs = details.retryAfterMs ?? 0
  }
}

/** Without an answer, when asked to come back, and when the server failed, the same call can succeed later. */
function isRetryableStatus(status: number, reason: string): boolean {
  if (status === 0) return reason === 'NetworkError' || reason === 'Timeout'
  return status === 408 || status === 429 || status >= 500
}
