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
