type Scalar = string | number

/** Distinct values by key. Made for maps in which most keys have one value: that one costs no collection of its own. */
export class MultiMap<Key, Value extends Scalar> {
  readonly #values = new Map<Key, Value | Set<Value>>()

  /** How many keys have a value. */
  get size(): number {
    return this.#values.size
  }

  has(key: Key): boolean {
    return this.#values.has(key)
  }

  /** The values in the order in which they were added. */
  get(key: Key): readonly Value[] {
    const found = this.#values.get(key)
    if (found === undefined) return []
    return found instanceof Set ? [...found] : [found]
  }

  /** Nothing happens when the key has the value already. */
  add(key: Key, value: Value): void {
    const found = this.#values.get(key)
    if (found === undefined) this.#values.set(key, value)
    else if (found instanceof Set) found.add(value)
    else if (found !== value) this.#values.set(key, new Set([found, value]))
  }

  /** False when the key did not have the value. */
  delete(key: Key, value: Value): boolean {
    const found = this.#values.get(key)
    if (!(found instanceof Set)) return found === value && found !== undefined && this.#values.delete(key)
    const wasThere = found.delete(value)
    if (found.size === 1) for (const only of found) this.#values.set(key, only)
    return wasThere
  }
}
