import { DecodeError } from '@axoneme/slim-types'
import type { CompleteList } from './list-all.ts'
import type { ObjectEvent } from './watch-once.ts'

/** What a watch that begins with the objects that exist (a watch-list) has delivered of them so far. */
export class InitialObjects<T> {
  readonly #resource: string
  readonly #rows = new Map<string, T>()
  readonly #invalid = new Map<string, DecodeError>()

  constructor(resource: string) {
    this.#resource = resource
  }

  /** Takes an event in. Gives everything when the server says with it that this is everything. */
  add(event: ObjectEvent<T>): CompleteList<T> | undefined {
    switch (event.type) {
      case 'BOOKMARK':
        return event.endsInitialEvents ? this.#complete(event.resourceVersion) : undefined
      case 'DELETED':
        this.#rows.delete(event.key)
        this.#invalid.delete(event.key)
        return undefined
      case 'INVALID':
        this.#rows.delete(event.key)
        this.#invalid.set(event.key, event.error)
        return undefined
      default:
        this.#rows.set(event.key, event.row)
        this.#invalid.delete(event.key)
        return undefined
    }
  }

  #complete(resourceVersion: string): CompleteList<T> {
    if (resourceVersion === '')
      throw new DecodeError(`the bookmark that ends the initial ${this.#resource} has no version`)
    const invalid = Array.from(this.#invalid, ([key, error]) => ({ key, error }))
    return { items: [...this.#rows.values()], invalid, resourceVersion }
  }
}
