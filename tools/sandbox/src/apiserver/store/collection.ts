import { type KubeObject, keyOf } from '../object.ts'
import { FieldIndex, type Interest } from './field-index.ts'
import type { Change, ChangeListener, History } from './history.ts'

/** The objects of one resource with their recent history. Readers share the objects and must not change them. */
export class Collection {
  readonly #objects = new Map<string, KubeObject>()
  readonly #history: History
  readonly #listeners = new Set<ChangeListener>()
  readonly #nextRevision: () => number
  #lastRevision = 0
  /** By field; made when a field is first asked for. */
  readonly #indexes = new Map<string, FieldIndex>()
  /** Keys in order; rebuilt when a key came or went. */
  #sortedKeys: readonly string[] | undefined
  /** Their objects; rebuilt when one changed. */
  #sorted: readonly KubeObject[] | undefined
  /** The last snapshot of the past: the pages of one list all ask for the same. */
  #snapshot: { revision: number; objects: readonly KubeObject[] } | undefined

  constructor({ history, nextRevision }: { history: History; nextRevision: () => number }) {
    this.#history = history
    this.#nextRevision = nextRevision
  }

  get size(): number {
    return this.#objects.size
  }

  get compactedRevision(): number {
    return this.#history.compactedRevision
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key)
  }

  values(): IterableIterator<KubeObject> {
    return this.#objects.values()
  }

  /** Every object in the order of the keys; the same array until something changes. */
  sorted(): readonly KubeObject[] {
    if (this.#sorted !== undefined) return this.#sorted
    this.#sortedKeys ??= [...this.#objects.keys()].sort(compareKeys)
    this.#sorted = this.#sortedKeys
      .map((key) => this.#objects.get(key))
      .filter((found) => found !== undefined)
    return this.#sorted
  }

  /** The present objects of interest in the order of the keys. */
  matching({ field, value }: Interest): readonly KubeObject[] {
    const keys = [...this.#indexOf(field).keysOf(value)].sort(compareKeys)
    return keys.map((key) => this.#objects.get(key)).filter((found) => found !== undefined)
  }

  /** Whether nothing has changed since `revision`. */
  isAt(revision: number): boolean {
    return this.#lastRevision <= revision
  }

  /** The objects as they were at `revision`, in the order of the keys; undefined when that is forgotten. */
  at(revision: number): readonly KubeObject[] | undefined {
    const later = this.#history.since(revision)
    if (later === undefined) return undefined
    if (later.length === 0) return this.sorted()
    if (this.#snapshot?.revision === revision) return this.#snapshot.objects
    const past = new Map(this.#objects)
    for (const change of later.toReversed()) {
      if (change.previous === undefined) past.delete(keyOf(change.object))
      else past.set(keyOf(change.previous), change.previous)
    }
    const objects = [...past].sort(([a], [b]) => compareKeys(a, b)).map(([, object]) => object)
    this.#snapshot = { revision, objects }
    return objects
  }

  /** Stores the object under a new revision, which is written into it, and tells the listeners. */
  put(object: KubeObject): KubeObject {
    const key = keyOf(object)
    const previous = this.#objects.get(key)
    const revision = this.#nextRevision()
    const stored = withRevision(object, revision)
    if (previous === undefined) this.#sortedKeys = undefined
    this.#objects.set(key, stored)
    this.#commit({ type: previous === undefined ? 'ADDED' : 'MODIFIED', revision, object: stored, previous })
    return stored
  }

  /** Removes the object; its last state, under the revision of the removal, is returned. */
  remove(key: string): KubeObject | undefined {
    const previous = this.#objects.get(key)
    if (previous === undefined) return undefined
    const revision = this.#nextRevision()
    const object = withRevision(previous, revision)
    this.#sortedKeys = undefined
    this.#objects.delete(key)
    this.#commit({ type: 'DELETED', revision, object, previous })
    return object
  }

  /** The changes after `revision`, or undefined when some of them are forgotten; of interest, others may be among them. */
  since(revision: number, interest?: Interest): readonly Change[] | undefined {
    const changes = this.#history.since(revision)
    // Thousands of watches that each resume with one object would otherwise look through all that happened to others.
    if (interest?.field !== 'metadata.name') return changes
    return changes?.filter(({ object }) => object.metadata.name === interest.value)
  }

  compact(revision: number): void {
    this.#history.compact(revision)
    this.#snapshot = undefined
  }

  /** Calls `listener` for every change from now on, or for those of objects that are or were of interest. */
  subscribe(listener: ChangeListener, interest?: Interest): Disposable {
    if (interest !== undefined) return this.#indexOf(interest.field).subscribe(interest.value, listener)
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  #indexOf(field: string): FieldIndex {
    const existing = this.#indexes.get(field)
    if (existing !== undefined) return existing
    const made = new FieldIndex(field, this.#objects.values())
    this.#indexes.set(field, made)
    return made
  }

  #commit(change: Change): void {
    this.#sorted = undefined
    this.#lastRevision = change.revision
    this.#history.push(change)
    for (const index of this.#indexes.values()) index.apply(change)
    for (const listener of this.#listeners) listener(change)
  }
}

function withRevision(object: KubeObject, revision: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
}

/** By code unit; locale rules would neither be stable nor fast. */
function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
