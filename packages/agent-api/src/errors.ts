import { CodedError, type CodedErrorOptions } from '@axoneme/lifecycle'

/** The caller asked for something that is not there. */
export class NotFoundError extends CodedError {
  constructor(what: string, options: CodedErrorOptions = {}) {
    super('NOT_FOUND', `no ${what}`, options)
  }
}

/** The caller's request is wrong. */
export class BadRequestError extends CodedError {
  constructor(message: string, options: CodedErrorOptions = {}) {
    super('BAD_REQUEST', message, options)
  }
}

/** So many calls of this kind are served, or were of late, that this one would wait longer than it may. */
export class ApiLimitError extends CodedError {
  constructor(call: string, { inFlight, waiting }: { inFlight: number; waiting: number }) {
    super('API_LIMIT', `begin ${call}: ${inFlight} are served and ${waiting} wait`, {
      retryable: true,
      hint: 'the option api-rate-limit says how many may',
    })
  }
}

/** The agent could not be asked, or said no. The code is the agent's where it gave one. */
export class AgentApiError extends CodedError {
  readonly httpStatus: number | undefined

  constructor(
    code: string,
    message: string,
    { httpStatus, ...options }: CodedErrorOptions & { httpStatus?: number } = {},
  ) {
    super(code, message, options)
    this.httpStatus = httpStatus
  }
}
