import { isDeepStrictEqual } from 'node:util'
import { describeError } from '@axoneme/lifecycle'
import { InvariantError } from '../errors.ts'
import { attempt, type Decoded } from './check.ts'
import type { Entry } from './entries.ts'

/** JSON.stringify writes these otherwise than they were: -0, and numbers beyond all. */
const notWrittenAlike = /-0|[eE]\+?\d{3}|\d{300}/

/** What JSON.parse refuses is refused; of what it accepts, the same is made as of another spelling of it. */
export function checkJson({ name, decode, decodeParsed }: Entry, bytes: Buffer, decoded: Decoded): void {
  const parsed = parse(bytes)
  if (parsed === undefined) {
    if (!('refusal' in decoded)) throw new InvariantError(`${name}: accepts what is no JSON`)
    return
  }
  const { text, value } = parsed
  if (isTooDeep(decoded) || hasEscapedKey(text)) return
  if (decodeParsed !== undefined)
    checkSame(
      decoded,
      attempt(() => decodeParsed(value)),
      `${name}: not what JSON.parse makes`,
    )
  if (notWrittenAlike.test(text)) return
  const respelt = Buffer.from(JSON.stringify(value, undefined, 1))
  checkSame(
    decoded,
    attempt(() => decode(respelt, 'fresh')),
    `${name}: the spelling counts`,
  )
}

export function checkSame(one: Decoded, other: Decoded, what: string): void {
  if ('refusal' in one && 'refusal' in other) {
    const [a, b] = [describeError(one.refusal), describeError(other.refusal)]
    if (a !== b) throw new InvariantError(`${what}: ${a}, ${b}`)
  } else if (!isDeepStrictEqual(one, other)) throw new InvariantError(what)
}

function parse(bytes: Buffer): { text: string; value: unknown } | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return { text, value: JSON.parse(text) }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}

/** The one thing that is JSON and refused as if it were none. */
function isTooDeep(decoded: Decoded): boolean {
  return 'refusal' in decoded && describeError(decoded.refusal).includes('JSON that nests more than')
}

/** V8 now and then takes an escaped key for another one (Node 26.9): JSON.parse is no oracle for these. */
function hasEscapedKey(text: string): boolean {
  return (text.match(/"(?:[^"\\]|\\.)*"\s*:/gs) ?? []).some((key) => key.includes('\\'))
}
