export type CodedErrorOptions = {
  /** What went wrong underneath. Kept, so that nothing known about the failure is lost. */
  cause?: unknown
  /** The way out, for the person who reads the message. */
  hint?: string
  /** Overrides the class's answer to "does the same call have a chance later?". */
  retryable?: boolean
}

/**
 * The base of every error that this project throws on purpose. `code` is stable and is what callers match on;
 * `message` says what was being done to what; `retryable` says whether the same call can succeed later.
 */
export class CodedError extends Error {
  readonly code: string
  readonly retryable: boolean
  readonly hint: string | undefined

  constructor(code: string, message: string, options: CodedErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.retryable = options.retryable ?? false
    this.hint = options.hint
  }
}

/** Whether repeating the failed call later makes sense. Unknown errors are bugs: they are not retried. */
export function isRetryable(error: unknown): boolean {
  return error instanceof CodedError && error.retryable
}

/** One line for people: the message, its causes in order, and the way out if one is known. */
export function describeError(error: unknown): string {
  const parts: string[] = []
  let hint: string | undefined
  for (let at: unknown = error, depth = 0; at !== undefined && at !== null && depth < 8; depth++) {
    const text = at instanceof Error ? at.message || at.name : String(at)
    if (!parts.includes(text)) parts.push(text)
    if (at instanceof CodedError) hint ??= at.hint
    at = at instanceof Error ? at.cause : undefined
  }
  return hint === undefined ? parts.join(': ') : `${parts.join(': ')} (${hint})`
}
