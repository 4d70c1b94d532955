import { Collection } from './collection.ts'
import { type ChangeListener, History } from './history.ts'

/**
 * Every object of the cluster, in memory, under one revision counter. A collection is made when it is first asked
 * for; its name is `group/plural`.
 */
export class Store {
  readonly #collections = new Map<string, Collection>()
  readonly #historySize: number
  readonly #listeners = new Set<ChangeListener>()
  #revision: number
  #compacted: number

  /** `firstRevision` should grow from run to run, so that a client of an earlier run learns that its state is gone. */
  constructor({ historySize, firstRevision }: { historySize: number; firstRevision: number }) {
    this.#historySize = historySize
    this.#revision = firstRevision
    this.#compacted = firstRevision
  }

  /** The revision of the latest change. */
  get revision(): number {
    return this.#revision
  }

  collection(name: string): Collection {
    const existing = this.#collections.get(name)
    if (existing !== undefined) return existing
    const made = new Collection({
      history: new History({ limit: this.#historySize, compactedRevision: this.#compacted }),
      nextRevision: () => ++this.#revision,
    })
    made.subscribe((change) => {
      for (const listener of this.#listeners) listener(change)
    })
    this.#collections.set(name, made)
    return made
  }

  /** Calls `listener` for every change of every collection from now on. It must not throw. */
  subscribe(listener: ChangeListener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Forgets all history up to now: older lists and watches cannot be continued. */
  compact(): void {
    this.#compacted = this.#revision
    for (const collection of this.#collections.values()) collection.compact(this.#revision)
  }
}
