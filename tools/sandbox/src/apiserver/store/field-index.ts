import { at } from '../json.ts'
import { type KubeObject, keyOf } from '../object.ts'
import type { Change, ChangeListener } from './history.ts'

/** A wish for the objects of which one field has one value, such as `spec.nodeName` of pods. */
export type Interest = Readonly<{ field: string; value: string }>

/**
 * The objects of a collection by one field, and who wants to hear of which value: with thousands of watches that each
 * want one node's objects, a change must not be offered to all of them.
 */
export class FieldIndex {
  readonly #path: readonly string[]
  readonly #keys = new Map<string, Set<string>>()
  readonly #listeners = new Map<string, Set<ChangeListener>>()

  constructor(field: string, objects: Iterable<KubeObject>) {
    this.#path = field.split('.')
    for (const object of objects) addTo(this.#keys, this.#valueOf(object), keyOf(object))
  }

  /** In no order. */
  keysOf(value: string): Iterable<string> {
    return this.#keys.get(value) ?? []
  }

  subscribe(value: string, listener: ChangeListener): Disposable {
    addTo(this.#listeners, value, listener)
    return { [Symbol.dispose]: () => removeFrom(this.#listeners, value, listener) }
  }

  /** Takes note of a change and tells those whom it concerns: also of an object that had their value before. */
  apply(change: Change): void {
    const { type, object, previous } = change
    const [was, is] = [previous && this.#valueOf(previous), this.#valueOf(object)]
    if (was !== undefined && (was !== is || type === 'DELETED')) removeFrom(this.#keys, was, keyOf(object))
    if (type !== 'DELETED' && was !== is) addTo(this.#keys, is, keyOf(object))
    for (const listener of this.#listeners.get(is) ?? []) listener(change)
    if (was === undefined || was === is) return
    for (const listener of this.#listeners.get(was) ?? []) listener(change)
  }

  /** As selectors see it: what is absent is empty. */
  #valueOf(object: KubeObject): string {
    const value = at(object, ...this.#path)
    return value === undefined || value === null ? '' : String(value)
  }
}

function addTo<Key, Member>(sets: Map<Key, Set<Member>>, key: Key, member: Member): void {
  const members = sets.get(key)
  if (members === undefined) sets.set(key, new Set([member]))
  else members.add(member)
}

function removeFrom<Key, Member>(sets: Map<Key, Set<Member>>, key: Key, member: Member): void {
  const members = sets.get(key)
  members?.delete(member)
  if (members?.size === 0) sets.delete(key)
}
