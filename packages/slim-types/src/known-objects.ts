import type { Recall } from './decoder.ts'
import type { Interner } from './interner.ts'
import {
  generateNameTag,
  type MetaDraft,
  namespaceTag,
  nameTag,
  readMetaFields,
  selfLinkTag,
  uidTag,
} from './meta.ts'
import { enter, leave } from './protobuf.ts'
import type { SlimMeta } from './types.ts'
import type { WireReader } from './wire-reader.ts'

/** Those of Kubernetes have 63 bytes for the namespace, 253 for the name, and one between them. */
const maxKeyBytes = 512
const slash = '/'.charCodeAt(0)

/** Finds the earlier states of objects by the bytes of their names: nothing is made of these where one is known. */
export class KnownObjects<Row extends SlimMeta> {
  readonly #recall: Recall<Row>
  readonly #key = new Uint8Array(maxKeyBytes)
  #keyBytes = 0

  constructor(recall: Recall<Row>) {
    this.#recall = recall
  }

  /** Reads a nested ObjectMeta into `draft`, and gives what is known of the same object. */
  readMeta(reader: WireReader, draft: MetaDraft, interner: Interner): Row | undefined {
    const end = enter(reader)
    const start = reader.pos
    let known = this.#find(reader)
    if (known === undefined || reader.pos > end) {
      // What was read may even stand behind these metadata.
      known = undefined
      reader.pos = start
    } else {
      draft.name = known.name
      draft.namespace = known.namespace
      draft.uid = known.uid
    }
    readMetaFields(reader, { end, draft, interner })
    leave(reader, end)
    return known !== undefined && isSame(known, draft) ? known : undefined
  }

  /**
   * Fields come in the order of their numbers; where they do not nothing is found. Where something was, the reader is behind
   * the uid.
   */
  #find(reader: WireReader): Row | undefined {
    if (!reader.accept(nameTag)) return undefined
    const nameEnd = enter(reader)
    const nameStart = reader.pos
    reader.pos = nameEnd
    if (reader.accept(generateNameTag)) reader.skip(generateNameTag)
    this.#keyBytes = 0
    if (reader.accept(namespaceTag) && !this.#addNamespace(reader)) return undefined
    if (reader.accept(selfLinkTag)) reader.skip(selfLinkTag)
    if (!this.#add(reader.bytes, nameStart, nameEnd) || !reader.accept(uidTag)) return undefined
    const known = this.#recall(this.#key, this.#keyBytes)
    // An object that was made anew has another uid.
    return known !== undefined && reader.stringOr(known.uid) === known.uid ? known : undefined
  }

  #addNamespace(reader: WireReader): boolean {
    const end = enter(reader)
    const start = reader.pos
    reader.pos = end
    if (end === start) return true
    if (!this.#add(reader.bytes, start, end)) return false
    this.#key[this.#keyBytes++] = slash
    return true
  }

  /** Whether these are ASCII, and there was room for them. */
  #add(bytes: Uint8Array, start: number, end: number): boolean {
    const key = this.#key
    let keyBytes = this.#keyBytes
    // One is left for what is between the two.
    if (end - start >= maxKeyBytes - keyBytes) return false
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number
      if (byte > 127) return false
      key[keyBytes++] = byte
    }
    this.#keyBytes = keyBytes
    return true
  }
}

/** A field that came once more has another value now. */
function isSame(known: SlimMeta, { name, namespace, uid }: MetaDraft): boolean {
  return name === known.name && namespace === known.namespace && uid === known.uid
}
