import type { RowsByHash } from '@axoneme/key-hash'
import type { ExpectedMessage } from './decoder.ts'
import type { Interner } from './interner.ts'
import {
  generateNameTag,
  type MetaDraft,
  metaFields,
  namespaceTag,
  nameTag,
  readMetaField,
  selfLinkTag,
  uidTag,
} from './meta.ts'
import { enter, leave } from './protobuf.ts'
import type { SlimMeta } from './types.ts'
import { WireReader } from './wire-reader.ts'

/** Those of Kubernetes have 63 bytes for the namespace, 253 for the name, and one between them. */
const maxKeyBytes = 512
const slash = '/'.charCodeAt(0)
/** The bits that no byte of four in ASCII has. */
const beyondAscii = 0x80808080

/** Of any object: the field that its ObjectMeta is. */
const metadataTag = (1 << 3) | 2

/** Finds the earlier states of objects by the bytes of their names: nothing is made of these where one is known. */
export class KnownObjects<Row extends SlimMeta> {
  readonly #rows: RowsByHash<Row>
  readonly #key = { view: new DataView(new ArrayBuffer(maxKeyBytes)), start: 0, end: 0 }
  /** The one that has the uid which is next: that of an object made anew is another, and no two objects have the same. */
  readonly #isIt = (row: Row): boolean => row.uid !== '' && this.#reader.isNext(row.uid)
  #reader = new WireReader()
  /** Of the message that is decoded. */
  #keyHash = 0
  #uidAt = 0
  readonly #expectedReader = new WireReader()
  /** What is probably known of the objects that are expected. */
  readonly #guesses: Row[] = []
  readonly #reach: (rows: readonly Row[]) => number
  /** What `reach` gave; kept so that nobody takes its reading for needless. */
  reached = 0

  /**
   * `reach` reads something of all that will be compared of rows, of all rows one thing after the other: memory is slow, but
   * answers many that ask at once as fast as one.
   */
  constructor(rows: RowsByHash<Row>, reach: (rows: readonly Row[]) => number) {
    this.#rows = rows
    this.#reach = reach
  }

  /** Reads the key of the object in a message, whatever this is. */
  expect(message: ExpectedMessage): void {
    message.uidAt = 0
    const reader = this.#expectedReader
    reader.begin(message.bytes, message.start, message.end)
    try {
      if (!reader.accept(metadataTag)) return
      reader.size()
      if (!this.#readKey(reader)) return
    } catch {
      // Who decodes it will say what is wrong with it.
      return
    }
    message.keyHash = this.#rows.hashOf(this.#key)
    message.uidAt = reader.pos
    const guess = this.#rows.guess(message.keyHash)
    if (guess !== undefined) this.#guesses.push(guess)
  }

  /** Asks memory for what is known of the objects that are expected. */
  recall(): void {
    this.reached = this.#reach(this.#guesses)
    this.#guesses.length = 0
  }

  /** The metadata that are read are those of this message from now on. */
  begin({ keyHash, uidAt }: ExpectedMessage): void {
    this.#keyHash = keyHash
    this.#uidAt = uidAt
  }

  /** Reads a nested ObjectMeta into `draft`, and gives what is known of the same object. */
  readMeta(reader: WireReader, draft: MetaDraft, interner: Interner): Row | undefined {
    const end = enter(reader)
    const start = reader.pos
    let known = this.#uidAt > start && this.#uidAt < end ? this.#find(reader) : undefined
    if (known === undefined || reader.pos > end) {
      // What was read may even stand behind these metadata.
      known = undefined
      reader.pos = start
    } else {
      draft.name = known.name
      draft.namespace = known.namespace
      draft.uid = known.uid
    }
    while (reader.skipTo(metaFields, end)) readMetaField(reader, draft, interner)
    leave(reader, end)
    return known !== undefined && isSame(known, draft) ? known : undefined
  }

  /** The reader is behind the uid where something is known. */
  #find(reader: WireReader): Row | undefined {
    reader.pos = this.#uidAt
    if (!reader.accept(uidTag)) return undefined
    this.#reader = reader
    const known = this.#rows.find(this.#keyHash, this.#isIt)
    if (known !== undefined) reader.skip(uidTag)
    return known
  }

  /**
   * What stands before the uid. Whether it is a key, and in ASCII: fields come in the order of their numbers, and where they do
   * not nothing is found.
   */
  #readKey(reader: WireReader): boolean {
    if (!reader.accept(nameTag)) return false
    const nameEnd = enter(reader)
    const nameStart = reader.pos
    reader.pos = nameEnd
    if (reader.accept(generateNameTag)) reader.skip(generateNameTag)
    this.#key.end = 0
    if (reader.accept(namespaceTag) && !this.#addNamespace(reader)) return false
    if (reader.accept(selfLinkTag)) reader.skip(selfLinkTag)
    return this.#add(reader.view, nameStart, nameEnd)
  }

  #addNamespace(reader: WireReader): boolean {
    const end = enter(reader)
    const start = reader.pos
    reader.pos = end
    if (end === start) return true
    if (!this.#add(reader.view, start, end)) return false
    this.#key.view.setUint8(this.#key.end++, slash)
    return true
  }

  /** Whether these are ASCII, and there was room for them. */
  #add(bytes: DataView, start: number, end: number): boolean {
    const { view, end: keyEnd } = this.#key
    // One is left for what is between the two.
    if (end - start >= maxKeyBytes - keyEnd) return false
    let to = keyEnd
    let at = start
    for (; at + 4 <= end; at += 4, to += 4) {
      const word = bytes.getInt32(at)
      if ((word & beyondAscii) !== 0) return false
      view.setInt32(to, word)
    }
    for (; at < end; at++, to++) {
      const byte = bytes.getUint8(at)
      if (byte > 127) return false
      view.setUint8(to, byte)
    }
    this.#key.end = to
    return true
  }
}

/** A field that came once more has another value now. */
function isSame(known: SlimMeta, { name, namespace, uid }: MetaDraft): boolean {
  return name === known.name && namespace === known.namespace && uid === known.uid
}
