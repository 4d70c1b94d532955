import type { KubeObject } from '../object.ts'
import type { ResourceType } from '../resources/types.ts'
import type { ListResult } from '../verbs/list.ts'
import { listItem, listKind, listMeta } from './views.ts'

/** A list as JSON text, written in one pass over the items. */
export function encodeList(type: ResourceType, result: ListResult): string {
  const head = JSON.stringify({ ...listKind(type), metadata: listMeta(result) }).slice(0, -1)
  return `${head},"items":[${result.items.map((item) => JSON.stringify(listItem(type, item))).join(',')}]}\n`
}

/** The encoded forms of recent objects, so that many watches that send one object encode it once. */
export class EncodedObjects<T> {
  readonly #limit: number
  readonly #encode: (object: KubeObject) => T
  #known = new Map<KubeObject, T>()

  constructor({ limit, encode }: { limit: number; encode: (object: KubeObject) => T }) {
    this.#limit = limit
    this.#encode = encode
  }

  of(object: KubeObject): T {
    const known = this.#known.get(object)
    if (known !== undefined) return known
    // Watches share the latest changes; a memory of everything would double the store.
    if (this.#known.size >= this.#limit) this.#known.clear()
    const encoded = this.#encode(object)
    this.#known.set(object, encoded)
    return encoded
  }
}
