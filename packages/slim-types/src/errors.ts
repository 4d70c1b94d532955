import { CodedError } from '@axoneme/lifecycle'

/** Bytes or JSON that are not what they claim to be. Reading the same input again gives the same error. */
export class DecodeError extends CodedError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('K8S_DECODE', message, { ...options, retryable: false })
  }
}

const maxQuotedLength = 100

/** Text from outside as it may stand in a message: short, and without what a terminal obeys. */
export function quoted(text: string): string {
  const shown = text.length > maxQuotedLength ? `${text.slice(0, maxQuotedLength)}…` : text
  return JSON.stringify(shown).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return `\\u{${code.toString(16)}}`
  })
}

/** Runs `decode`; whatever it throws becomes a DecodeError that names `what` and keeps the cause. */
export function decoding<T>(what: string, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    throw new DecodeError(`decode ${what}`, { cause: error })
  }
}
