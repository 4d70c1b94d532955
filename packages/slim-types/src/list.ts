import type { Decoder } from './decoder.ts'
import { openEnvelope } from './envelope.ts'
import { DecodeError, decoding, quoted } from './errors.ts'
import { asObject, listAt, objectAt, textAt } from './json.ts'
import { readJson } from './json-reader.ts'
import { anyJson, listShape, objectShape } from './json-shape.ts'
import { identityFromJson, readIdentity } from './meta.ts'
import { decodeMessage, enter, leave, nestedMessage, wholeMessage } from './protobuf.ts'
import type { WireFormat } from './wire-format.ts'
import type { WireReader } from './wire-reader.ts'

/** One object that is not what its kind says. The others are not affected. */
export type InvalidObject = Readonly<{ key: string; error: DecodeError }>

/** One page of a list. */
export type ObjectList<T> = Readonly<{
  items: readonly T[]
  invalid: readonly InvalidObject[]
  resourceVersion: string
  /** The token for the next page; empty on the last one. */
  continueToken: string
}>

/** Decodes the body of a list call, one item at a time. Throws DecodeError when it is not a list of the kind. */
export function decodeList<T>(bytes: Uint8Array, format: WireFormat, decoder: Decoder<T>): ObjectList<T> {
  const list = format === 'protobuf' ? listFromProtobuf(bytes, decoder) : listFromJson(bytes, decoder)
  // Nothing could be watched from it; a list that was cut short looks like this, too.
  if (list.resourceVersion === '') throw new DecodeError(`a ${decoder.kind}List without resourceVersion`)
  return list
}

type ListDraft<T> = {
  items: T[]
  invalid: InvalidObject[]
  resourceVersion: string
  continueToken: string
}

function newDraft<T>(): ListDraft<T> {
  return { items: [], invalid: [], resourceVersion: '', continueToken: '' }
}

function checkKind(kind: string, expected: string): void {
  if (kind !== expected) throw new DecodeError(`a ${quoted(kind)} where a ${expected} was expected`)
}

function listFromProtobuf<T>(bytes: Uint8Array, decoder: Decoder<T>): ObjectList<T> {
  const envelope = openEnvelope(wholeMessage(bytes))
  checkKind(envelope.kind, `${decoder.kind}List`)
  const { fromProtobuf } = decoder
  if (fromProtobuf === undefined) throw new DecodeError(`a protobuf list of ${decoder.resource}`)
  const draft = newDraft<T>()
  return decodeMessage(envelope.kind, envelope, (reader, end) => {
    while (reader.pos < end) {
      const tag = reader.tag()
      if (tag === ((1 << 3) | 2)) readListMeta(reader, draft)
      else if (tag === ((2 << 3) | 2)) {
        const item = nestedMessage(reader)
        addItem(draft, {
          decode: () => fromProtobuf(item),
          identify: () => decodeMessage('metadata', item, readIdentity),
        })
      } else reader.skip(tag)
    }
    return draft
  })
}

function readListMeta<T>(reader: WireReader, draft: ListDraft<T>): void {
  const end = enter(reader)
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag === ((2 << 3) | 2)) draft.resourceVersion = reader.string()
    else if (tag === ((3 << 3) | 2)) draft.continueToken = reader.string()
    else reader.skip(tag)
  }
  leave(reader, end)
}

function listFromJson<T>(bytes: Uint8Array, decoder: Decoder<T>): ObjectList<T> {
  return decoding(`${decoder.kind}List`, () => {
    const shape = objectShape({
      kind: anyJson,
      metadata: objectShape({ resourceVersion: anyJson, continue: anyJson }),
      items: listShape(decoder.jsonShape),
    })
    const list = asObject(readJson(wholeMessage(bytes), shape), 'the body')
    checkKind(textAt(list, 'kind'), `${decoder.kind}List`)
    const metadata = objectAt(list, 'metadata') ?? {}
    const draft = newDraft<T>()
    draft.resourceVersion = textAt(metadata, 'resourceVersion')
    draft.continueToken = textAt(metadata, 'continue')
    for (const item of listAt(list, 'items')) {
      addItem(draft, { decode: () => decoder.fromJson(item), identify: () => identityFromJson(item) })
    }
    return draft
  })
}

/** An item whose very metadata cannot be read makes the whole list invalid: nobody knows what it stands for. */
function addItem<T>(
  draft: ListDraft<T>,
  { decode, identify }: { decode: () => T; identify: () => { key: string } },
): void {
  try {
    draft.items.push(decode())
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    draft.invalid.push({ key: identify().key, error })
  }
}
