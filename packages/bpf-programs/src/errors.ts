import { CodedError } from '@axoneme/lifecycle'

/** clang failed or is missing. Never remembered: the next call compiles again. */
export class CompileError extends CodedError {
  constructor(what: string, options: { cause: unknown; hint?: string }) {
    super('BPF_COMPILE', what, { retryable: true, ...options })
  }
}
