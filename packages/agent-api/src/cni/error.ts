import { CodedError, type CodedErrorOptions, describeError, isRetryable } from '@axoneme/lifecycle'

/** Error codes of the CNI specification; from 100 on they are the plugin's own. */
export const cniErrorCode = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  unknownContainer: 3,
  invalidEnvironment: 4,
  io: 5,
  decode: 6,
  invalidConfig: 7,
  tryAgainLater: 11,
  notAvailable: 50,
  limitedConnectivity: 51,
  internal: 999,
} as const

export type CniErrorCode = (typeof cniErrorCode)[keyof typeof cniErrorCode]

/** A failure of a CNI call, as the runtime is told it. */
export class CniError extends CodedError {
  readonly cniCode: CniErrorCode

  constructor(cniCode: CniErrorCode, message: string, options: CodedErrorOptions = {}) {
    super('CNI', message, { retryable: cniCode === cniErrorCode.tryAgainLater, ...options })
    this.cniCode = cniCode
  }
}

/** The code for any error: what a later call can mend is "try again later". */
export function cniCodeOf(error: unknown): CniErrorCode {
  if (error instanceof CniError) return error.cniCode
  return isRetryable(error) ? cniErrorCode.tryAgainLater : cniErrorCode.internal
}

export type CniErrorBody = Readonly<{ cniVersion: string; code: number; msg: string; details: string }>

export function cniErrorBody(error: unknown, cniVersion: string): CniErrorBody {
  const details = error instanceof CodedError ? (error.hint ?? '') : ''
  const text = describeError(error)
  // The hint has its own field here.
  const msg = details === '' ? text : text.replace(` (${details})`, '')
  return { cniVersion, code: cniCodeOf(error), msg, details }
}
