import { CodedError, type CodedErrorOptions } from '@axoneme/lifecycle'

/** An app that cannot be bundled. Not retryable: the sources or the dependencies have to change. */
export class BundleError extends CodedError {
  constructor(message: string, options: CodedErrorOptions = {}) {
    super('BUNDLE', message, options)
  }
}
