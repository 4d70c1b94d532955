import { CodedError } from '@axoneme/lifecycle'

/** A number that a map's key or value holds is used up. */
export class LbNumbersExhaustedError extends CodedError {
  constructor({ what, owner, max }: { what: string; owner: string; max: number }) {
    super('LB_NUMBERS_EXHAUSTED', `${what} for ${owner}: all ${max} are in use`, {
      retryable: true,
      hint: 'the datapath has no room for further services; delete some',
    })
  }
}

/** A service has more backends than its entry can count. */
export class TooManyBackendsError extends CodedError {
  constructor({ frontend, count, max }: { frontend: string; count: number; max: number }) {
    super('LB_TOO_MANY_BACKENDS', `balance ${frontend}: ${count} backends, at most ${max} are possible`, {
      hint: 'split the service',
    })
  }
}
