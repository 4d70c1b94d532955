import { DecodeError, type Decoder } from '@axoneme/slim-types'
import type { CompleteList } from './list-all.ts'
import type { ObjectEvent } from './watch-once.ts'

/** What a watch that begins with the objects that exist (a watch-list) has delivered of them so far. */
export class InitialObjects<T> {
  readonly #decoder: Pick<Decoder<T>, 'resource' | 'identify'>
  readonly #rows = new Map<string, T>()
  readonly #invalid = new Map<string, DecodeError>()

  constructor(decoder: Pick<Decoder<T>, 'resource' | 'identify'>) {
    this.#decoder = decoder
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
        this.#set(event.row)
        return undefined
    }
  }

  #set(row: T): void {
    const { key } = this.#decoder.identify(row)
    this.#rows.set(key, row)
    this.#invalid.delete(key)
  }

  #complete(resourceVersion: string): CompleteList<T> {
    if (resourceVersion === '')
      throw new DecodeError(`the bookmark that ends the initial ${this.#decoder.resource} has no version`)
    const invalid = Array.from(this.#invalid, ([key, error]) => ({ key, error }))
    return { items: [...this.#rows.values()], invalid, resourceVersion }
  }
}
