import { describeError } from '@axoneme/lifecycle'
import { DecodeError } from '@axoneme/slim-types'
import { InvariantError } from '../errors.ts'

const maxMessageLength = 1024

/** What became of one way to decode. */
export type Decoded = Readonly<{ refusal: DecodeError } | { value: unknown }>

/** Throws what is no DecodeError, and what is none under the surface of one. */
export function attempt(decode: () => unknown): Decoded {
  try {
    return { value: decode() }
  } catch (error) {
    checkError(error)
    return { refusal: error }
  }
}

function checkError(error: unknown): asserts error is DecodeError {
  if (!(error instanceof DecodeError)) throw error
  for (let cause = error.cause; cause !== undefined; cause = (cause as Error).cause)
    if (!(cause instanceof DecodeError)) throw cause
  const text = describeError(error)
  if (text.length > maxMessageLength) throw new InvariantError(`a message of ${text.length} characters`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  if (/[\u0000-\u001f\u007f]/.test(text))
    throw new InvariantError(`a message with control characters: ${JSON.stringify(text)}`)
}

/** A decoded value is made of plain objects, lists, texts, numbers and flags, and is not much larger than its bytes. */
export function checkValue(value: unknown, byteLength: number): void {
  const values = [value]
  let left = 100 + 16 * byteLength
  for (let at = values.pop(); left > 0; at = values.pop()) {
    if (at instanceof Error) checkError(at)
    else if (typeof at === 'object' && at !== null) values.push(...partsOf(at))
    else if (typeof at === 'bigint' || typeof at === 'function' || typeof at === 'symbol')
      throw new InvariantError(`a ${typeof at} in a row`)
    if (values.length === 0) return
    left--
  }
  throw new InvariantError(`more values than ${byteLength} bytes can hold`)
}

function partsOf(value: object): unknown[] {
  if (Array.isArray(value)) return value
  if (Object.getPrototypeOf(value) !== Object.prototype)
    throw new InvariantError('an object with another prototype')
  return Object.values(value)
}
