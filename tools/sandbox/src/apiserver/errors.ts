import { CodedError } from '@axoneme/lifecycle'
import type { JsonObject } from './json.ts'

/** One field that the API refuses, as the causes of an Invalid status name it. */
export type FieldProblem = Readonly<{
  field: string
  reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueDuplicate'
    | 'FieldValueForbidden'
  message: string
}>

export type StatusDetails = {
  name?: string
  group?: string
  kind?: string
  uid?: string
  retryAfterSeconds?: number
  causes?: { reason: string; message: string; field?: string }[]
}

/** What an error is about: group, plural and kind, as far as known. */
export type ErrorSubject = Readonly<{ group: string; plural: string; kind: string }>

/** A refusal as the API says it: an HTTP code and a metav1.Status with a reason that clients match on. */
export class ApiError extends CodedError {
  readonly httpCode: number
  readonly reason: string
  readonly details: StatusDetails | undefined
  /** Of an expired list: where the rest can be read from, inconsistently. */
  readonly continueToken: string | undefined

  constructor(
    httpCode: number,
    reason: string,
    { message, details, continueToken }: { message: string; details?: StatusDetails; continueToken?: string },
  ) {
    super(`KUBE_${reason.toUpperCase()}`, message, { retryable: httpCode === 409 || httpCode >= 429 })
    this.httpCode = httpCode
    this.reason = reason
    this.details = details
    this.continueToken = continueToken
  }

  toStatus(): JsonObject {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.continueToken === undefined ? {} : { continue: this.continueToken },
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      details: this.details,
      code: this.httpCode,
    }
  }
}

function qualified(subject: ErrorSubject): string {
  return subject.group === '' ? subject.plural : `${subject.plural}.${subject.group}`
}

function resourceDetails(subject: ErrorSubject, name: string): StatusDetails {
  return {
    name,
    ...(subject.group === '' ? {} : { group: subject.group }),
    kind: subject.plural,
  }
}

export function notFound(subject: ErrorSubject, name: string): ApiError {
  const message = `${qualified(subject)} "${name}" not found`
  return new ApiError(404, 'NotFound', { message, details: resourceDetails(subject, name) })
}

export function unknownPath(): ApiError {
  return new ApiError(404, 'NotFound', { message: 'the server could not find the requested resource' })
}

export function alreadyExists(subject: ErrorSubject, name: string): ApiError {
  const message = `${qualified(subject)} "${name}" already exists`
  return new ApiError(409, 'AlreadyExists', { message, details: resourceDetails(subject, name) })
}

export function conflict(subject: ErrorSubject, name: string, why?: string): ApiError {
  const cause =
    why ?? 'the object has been modified; please apply your changes to the latest version and try again'
  const message = `Operation cannot be fulfilled on ${qualified(subject)} "${name}": ${cause}`
  return new ApiError(409, 'Conflict', { message, details: resourceDetails(subject, name) })
}

export function invalid(subject: ErrorSubject, name: string, problems: readonly FieldProblem[]): ApiError {
  const texts = problems.map((problem) => `${problem.field}: ${problem.message}`)
  const joined = texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`
  const qualifiedKind = subject.group === '' ? subject.kind : `${subject.kind}.${subject.group}`
  return new ApiError(422, 'Invalid', {
    message: `${qualifiedKind} "${name}" is invalid: ${joined}`,
    details: {
      name,
      ...(subject.group === '' ? {} : { group: subject.group }),
      kind: subject.kind,
      causes: problems.map(({ reason, message, field }) => ({ reason, message, field })),
    },
  })
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', { message })
}

export function unauthorized(): ApiError {
  return new ApiError(401, 'Unauthorized', { message: 'Unauthorized' })
}

export function methodNotAllowed(subject: ErrorSubject, verb: string): ApiError {
  const message = `${verb} is not supported on resources of kind "${qualified(subject)}"`
  return new ApiError(405, 'MethodNotAllowed', { message, details: resourceDetails(subject, '') })
}

export function notSupported(message: string): ApiError {
  return new ApiError(501, 'NotImplemented', { message })
}

export function unsupportedMediaType(given: string, accepted: readonly string[]): ApiError {
  const message = `the body of the request was in an unknown format (${given}) - accepted media types include: ${accepted.join(', ')}`
  return new ApiError(415, 'UnsupportedMediaType', { message })
}

export function notAcceptable(accepted: readonly string[]): ApiError {
  const message = `only the following media types are accepted: ${accepted.join(', ')}`
  return new ApiError(406, 'NotAcceptable', { message })
}

export function tooLarge(limitBytes: number): ApiError {
  const message = `Request entity too large: limit is ${limitBytes}`
  return new ApiError(413, 'RequestEntityTooLarge', { message })
}

export function expired(message: string, continueToken?: string): ApiError {
  return new ApiError(410, 'Expired', {
    message,
    ...(continueToken === undefined ? {} : { continueToken }),
  })
}

/** The client asks for a state that is ahead of the server's. */
export function tooLargeResourceVersion(asked: number, current: number): ApiError {
  return new ApiError(504, 'Timeout', {
    message: `Too large resource version: ${asked}, current: ${current}`,
    details: {
      retryAfterSeconds: 1,
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    },
  })
}

/** Of a server whose feature gate WatchList is off. */
export function watchListForbidden(): ApiError {
  const message =
    'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled'
  return new ApiError(422, 'Invalid', { message: `ListOptions.meta.k8s.io "" is invalid: ${message}` })
}

/** Of a server whose etcd cannot tell how far a watch is (before 3.4.25); it comes as an event. */
export function watchListUnsupported(): ApiError {
  return new ApiError(500, 'InternalError', {
    message:
      'a watch stream was requested by the client but the required storage feature RequestWatchProgress is disabled',
  })
}

export function tooManyRequests(retryAfterSeconds: number): ApiError {
  return new ApiError(429, 'TooManyRequests', {
    message: 'too many requests, please try again later',
    details: { retryAfterSeconds },
  })
}

export function internalError(): ApiError {
  return new ApiError(500, 'InternalError', {
    message: 'Internal error occurred: see the log of the apiserver',
  })
}
