import type { KubeObject } from '../object.ts'

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'

type Entry<T> = { encoded: T; bytes: number; events: Partial<Record<EventType, T>> }

export type EncodedObjectsOptions<T extends string | Buffer> = Readonly<{
  /** What is kept at most. */
  limitBytes: number
  object: (object: KubeObject) => T
  /** The event of a watch with an encoded object in it. */
  event: (type: EventType, encoded: T) => T
}>

/**
 * Encoded objects and watch events, so that what many watches send is encoded once. The oldest go first when there are
 * too many: what is sent to many is sent about at once, and a memory of everything would double the store.
 */
export class EncodedObjects<T extends string | Buffer> {
  readonly #options: EncodedObjectsOptions<T>
  readonly #entries = new Map<KubeObject, Entry<T>>()
  #bytes = 0

  constructor(options: EncodedObjectsOptions<T>) {
    this.#options = options
  }

  of(object: KubeObject): T {
    return this.#entry(object).encoded
  }

  event(type: EventType, object: KubeObject): T {
    const entry = this.#entry(object)
    const known = entry.events[type]
    if (known !== undefined) return known
    const event = this.#options.event(type, entry.encoded)
    entry.events[type] = event
    this.#grow(entry, event.length)
    return event
  }

  #entry(object: KubeObject): Entry<T> {
    const known = this.#entries.get(object)
    if (known !== undefined) return known
    const encoded = this.#options.object(object)
    const entry: Entry<T> = { encoded, bytes: 0, events: {} }
    this.#entries.set(object, entry)
    this.#grow(entry, encoded.length)
    return entry
  }

  #grow(entry: Entry<T>, bytes: number): void {
    entry.bytes += bytes
    this.#bytes += bytes
    for (const [object, oldest] of this.#entries) {
      if (this.#bytes <= this.#options.limitBytes || oldest === entry) return
      this.#entries.delete(object)
      this.#bytes -= oldest.bytes
    }
  }
}
