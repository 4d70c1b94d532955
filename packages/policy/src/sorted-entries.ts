import type { PolicyEntry } from './types.ts'

type Keyed = Readonly<{ key: string; entry: PolicyEntry }>

/** Entries in the order of their keys. A change costs one pass, and entries that stay are the same objects. */
export class SortedEntries {
  #keyed: readonly Keyed[] = []
  #entries: readonly PolicyEntry[] = []

  get entries(): readonly PolicyEntry[] {
    return this.#entries
  }

  /** Undefined removes. False when nothing differs from what was there. */
  apply(changes: ReadonlyMap<string, PolicyEntry | undefined>): boolean {
    const changed = [...changes].sort(([a], [b]) => (a < b ? -1 : 1))
    const merged: Keyed[] = []
    let isDifferent = false
    let at = 0
    for (const [key, entry] of changed) {
      for (let have = this.#keyed[at]; have !== undefined && have.key < key; have = this.#keyed[++at]) {
        merged.push(have)
      }
      const have = this.#keyed[at]?.key === key ? this.#keyed[at++] : undefined
      if (have !== undefined && entry !== undefined && hasEqualRules(have.entry, entry)) merged.push(have)
      else {
        if (entry !== undefined) merged.push({ key, entry })
        isDifferent ||= have !== undefined || entry !== undefined
      }
    }
    if (!isDifferent) return false
    for (const have of this.#keyed.slice(at)) merged.push(have)
    this.#keyed = merged
    this.#entries = Object.freeze(merged.map(({ entry }) => entry))
    return true
  }
}

function hasEqualRules(a: PolicyEntry, b: PolicyEntry): boolean {
  return a.rules.length === b.rules.length && a.rules.every((rule, i) => rule === b.rules[i])
}
