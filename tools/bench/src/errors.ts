import { CodedError, type CodedErrorOptions } from '@axoneme/lifecycle'

/** A benchmark that cannot be run here, or whose sides do not do the same work. */
export class BenchError extends CodedError {
  constructor(message: string, options: CodedErrorOptions = {}) {
    super('BENCH', message, options)
  }
}
