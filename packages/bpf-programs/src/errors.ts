import { CodedError } from '@axoneme/lifecycle'

/**
 * clang failed or is missing. The same compilation is tried again `retryAfterMs` from when this was thrown; until then
 * everybody who asks gets this failure.
 */
export class CompileError extends CodedError {
  readonly retryAfterMs: number
  /** It was another caller's compilation that failed, or an earlier one. */
  readonly isRemembered: boolean

  constructor(
    what: string,
    {
      cause,
      hint,
      retryAfterMs = 0,
      isRemembered = false,
    }: { cause?: unknown; hint?: string | undefined; retryAfterMs?: number; isRemembered?: boolean },
  ) {
    super('BPF_COMPILE', what, { retryable: true, cause, ...(hint === undefined ? {} : { hint }) })
    this.retryAfterMs = retryAfterMs
    this.isRemembered = isRemembered
  }
}

/** The directory of compiled templates cannot be used as it is; names the path. */
export class TemplateCacheError extends CodedError {
  constructor(what: string, options: { cause?: unknown; hint: string }) {
    super('TEMPLATE_CACHE', what, { retryable: true, ...options })
  }
}
