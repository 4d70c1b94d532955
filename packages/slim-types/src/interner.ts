import { ByteCache } from './byte-cache.ts'
import { asBuffer } from './bytes.ts'

/** Gives a string for UTF-8. */
export type ByteInterner = {
  internBytes(bytes: Uint8Array, start: number, end: number): string
}

/** Gives equal strings one copy in memory, so that 100,000 pods share the names of their nodes and labels. */
export type Interner = ByteInterner & {
  /** A string equal to `text`: the one given before, if it is still remembered. */
  intern(text: string): string
  /** How many strings are remembered. */
  readonly size: number
}

/** What is no longer seen is forgotten, so that labels that change for weeks take no more than `maxEntries`. */
export function createInterner({
  maxEntries = 200_000,
  maxLength = 512,
}: {
  maxEntries?: number
  /** Longer strings, in bytes, are passed through: they are rarely repeated. */
  maxLength?: number
} = {}): Interner {
  const known = new ByteCache<string>({ maxEntries })
  const internBytes = (bytes: Uint8Array, start: number, end: number): string => {
    if (start === end) return ''
    if (end - start > maxLength) return asBuffer(bytes).toString('utf8', start, end)
    const found = known.find(bytes, start, end)
    if (found !== undefined) return found
    const text = asBuffer(bytes).toString('utf8', start, end)
    known.add(bytes, { start, end, value: text })
    return text
  }
  return {
    get size() {
      return known.size
    },
    internBytes,
    intern(text) {
      // A surrogate without its other half has no UTF-8.
      if (text.length > maxLength || !text.isWellFormed()) return text
      const bytes = Buffer.from(text)
      return internBytes(bytes, 0, bytes.length)
    },
  }
}
