import { CodedError, type CodedErrorOptions } from '@axoneme/lifecycle'

export class ScaleSimError extends CodedError {
  constructor(message: string, options: CodedErrorOptions = {}) {
    super('SCALE_SIM', message, options)
  }
}
