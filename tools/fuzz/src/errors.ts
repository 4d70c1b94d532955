import { CodedError, type CodedErrorOptions } from '@axoneme/lifecycle'

/** The fuzzer cannot run: an option, a target or a seed is wrong. */
export class FuzzError extends CodedError {
  constructor(message: string, options?: CodedErrorOptions) {
    super('FUZZ', message, options)
  }
}

/** What a parser accepted breaks a promise that its users rely on; says which. */
export class InvariantError extends CodedError {
  constructor(message: string, options?: CodedErrorOptions) {
    super('FUZZ_INVARIANT', message, options)
  }
}
