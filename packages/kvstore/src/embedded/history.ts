import type { WatchBatch, WatchChange } from '../transport.ts'

type Commit = Readonly<{ revision: number; changes: readonly WatchChange[] }>

/** What happened at each revision, back to the last compaction. */
export class History {
  readonly #limit: number
  #commits: Commit[] = []
  #compactedRevision = 0

  /** Keeps at least the last `limit` commits. */
  constructor(limit: number) {
    this.#limit = limit
  }

  append(commit: Commit): void {
    this.#commits.push(commit)
    if (this.#commits.length >= 2 * this.#limit) this.compact(this.#commits[this.#limit - 1]?.revision ?? 0)
  }

  /** Forgets everything up to and including `revision`. */
  compact(revision: number): void {
    this.#compactedRevision = Math.max(this.#compactedRevision, revision)
    this.#commits = this.#commits.filter((commit) => commit.revision > this.#compactedRevision)
  }

  /** All commits from `revision` on under `prefix`, or undefined when some of them were forgotten. */
  since(revision: number, prefix: string): WatchBatch[] | undefined {
    if (revision <= this.#compactedRevision) return undefined
    const batches: WatchBatch[] = []
    for (let i = this.#firstIndexFrom(revision); i < this.#commits.length; i++) {
      const commit = this.#commits[i] as Commit
      const changes = commit.changes.filter((change) => keyOf(change).startsWith(prefix))
      if (changes.length > 0) batches.push({ changes, completeRevision: commit.revision })
    }
    return batches
  }

  #firstIndexFrom(revision: number): number {
    let low = 0
    let high = this.#commits.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#commits[middle] as Commit).revision < revision) low = middle + 1
      else high = middle
    }
    return low
  }
}

function keyOf(change: WatchChange): string {
  return change.kind === 'upsert' ? change.entry.key : change.key
}
