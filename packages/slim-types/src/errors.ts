import { CodedError } from '@axoneme/lifecycle'

/** Bytes or JSON that are not what they claim to be. Reading the same input again gives the same error. */
export class DecodeError extends CodedError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('K8S_DECODE', message, { ...options, retryable: false })
  }
}

/** Runs `decode`; whatever it throws becomes a DecodeError that names `what` and keeps the cause. */
export function decoding<T>(what: string, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    throw new DecodeError(`decode ${what}`, { cause: error })
  }
}
