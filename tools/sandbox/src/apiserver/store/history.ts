import type { KubeObject } from '../object.ts'

/** One committed change. A deleted object carries the revision of its deletion. */
export type Change = Readonly<{
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  revision: number
  object: KubeObject
  previous: KubeObject | undefined
}>

/** Hears of changes in order, during the commit. Must not throw. */
export type ChangeListener = (change: Change) => void

/** The latest changes of a collection, oldest first; what is older than `compactedRevision` is forgotten. */
export class History {
  readonly #limit: number
  #changes: Change[] = []
  #compacted: number

  constructor({ limit, compactedRevision }: { limit: number; compactedRevision: number }) {
    this.#limit = limit
    this.#compacted = compactedRevision
  }

  /** Changes up to and including this revision cannot be replayed. */
  get compactedRevision(): number {
    return this.#compacted
  }

  push(change: Change): void {
    this.#changes.push(change)
    // Trimmed in strides: cutting one entry off the front of an array at each change would cost its length.
    if (this.#changes.length > this.#limit + Math.ceil(this.#limit / 4))
      this.#dropFirst(this.#changes.length - this.#limit)
  }

  /** Forgets every change up to and including `revision`. */
  compact(revision: number): void {
    this.#dropFirst(this.#firstAfter(revision))
    this.#compacted = Math.max(this.#compacted, revision)
  }

  /** The changes after `revision`, or undefined when some of them are forgotten. */
  since(revision: number): readonly Change[] | undefined {
    return revision < this.#compacted ? undefined : this.#changes.slice(this.#firstAfter(revision))
  }

  #dropFirst(count: number): void {
    const last = this.#changes[count - 1]
    if (last === undefined) return
    this.#compacted = Math.max(this.#compacted, last.revision)
    this.#changes = this.#changes.slice(count)
  }

  #firstAfter(revision: number): number {
    let low = 0
    let high = this.#changes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#changes[middle]?.revision ?? 0) <= revision) low = middle + 1
      else high = middle
    }
    return low
  }
}
