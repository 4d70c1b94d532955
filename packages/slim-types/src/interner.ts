/** Gives equal strings one copy in memory, so that 100,000 pods share the names of their nodes and labels. */
export type Interner = {
  /** A string equal to `text`: the one given before, if it is still remembered. */
  intern(text: string): string
  /** How many strings are remembered. */
  readonly size: number
}

/**
 * Remembers at most `maxEntries` strings, in two generations: when the young one is full it becomes the old one and
 * the old one is dropped, so what is still seen stays and what is not is forgotten.
 */
export function createInterner({
  maxEntries = 200_000,
  maxLength = 512,
}: {
  maxEntries?: number
  /** Longer strings are passed through: they are rarely repeated. */
  maxLength?: number
} = {}): Interner {
  const generationSize = Math.max(1, Math.floor(maxEntries / 2))
  let young = new Map<string, string>()
  let old = new Map<string, string>()
  return {
    get size() {
      return young.size + old.size
    },
    intern(text) {
      const known = young.get(text)
      if (known !== undefined) return known
      if (text.length > maxLength) return text
      const survivor = old.get(text) ?? text
      if (young.size >= generationSize) {
        old = young
        young = new Map()
      } else {
        old.delete(text)
      }
      young.set(survivor, survivor)
      return survivor
    },
  }
}
