import type { Recall } from './decoder.ts'
import type { Interner } from './interner.ts'
import { asObject, type JsonObject, objectAt, textAt, textMapAt } from './json.ts'
import { anyJson, sharedMap, sharedText } from './json-shape.ts'
import { type LabelMaps, labelsTag, readLabels } from './label-maps.ts'
import { enter, leave } from './protobuf.ts'
import { type Labels, objectKey, type SlimMeta } from './types.ts'
import { labelsOf, noLabels } from './values.ts'
import type { WireReader } from './wire-reader.ts'

/** What tells one object, and one state of it, from another. `key` is `namespace/name`, or the name alone. */
export type ObjectIdentity = Readonly<{ key: string; resourceVersion: string }>

/** meta/v1 ObjectMeta while it is read. */
export type MetaDraft<Row extends SlimMeta = SlimMeta> = {
  name: string
  namespace: string
  uid: string
  resourceVersion: string
  labels: Labels
  deleting: boolean
  /** Where objects that have equal labels share them. */
  labelMaps: LabelMaps | undefined
  /** What was asked for with `recall`: the object's key where `known` is. */
  key: string
  /** What the object was before, as far as that is known. */
  known: Row | undefined
  recall: Recall<Row> | undefined
}

export function newMetaDraft<Row extends SlimMeta>(
  labelMaps?: LabelMaps,
  recall?: Recall<Row>,
): MetaDraft<Row> {
  return {
    name: '',
    namespace: '',
    uid: '',
    resourceVersion: '',
    labels: noLabels,
    deleting: false,
    labelMaps,
    key: '',
    known: undefined,
    recall,
  }
}

export function identifySlim(row: SlimMeta): ObjectIdentity {
  return { key: objectKey(row), resourceVersion: row.resourceVersion }
}

/** The fields that every row has. */
export function metaOf(draft: MetaDraft): SlimMeta {
  const { name, namespace, uid, resourceVersion, labels } = draft
  return { name, namespace, uid, resourceVersion, labels }
}

/** Reads a nested ObjectMeta into `draft`. */
export function readMeta<Row extends SlimMeta>(
  reader: WireReader,
  draft: MetaDraft<Row>,
  interner: Interner,
): void {
  const end = enter(reader)
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        draft.name = reader.string()
        break
      case (3 << 3) | 2:
        draft.namespace = reader.interned(interner)
        break
      case (5 << 3) | 2:
        // Fields come in the order of their numbers: name and namespace are known here.
        recallKnown(draft)
        draft.uid = reader.stringOr(draft.known?.uid ?? '')
        break
      case (6 << 3) | 2:
        draft.resourceVersion = reader.string()
        break
      case (9 << 3) | 2: // deletionTimestamp: that it is there is enough
        draft.deleting = true
        reader.skip(tag)
        break
      case labelsTag:
        addLabels(draft, draft.labelMaps?.read(reader) ?? readLabels(reader, interner))
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
  forgetOther(draft)
}

function recallKnown<Row extends SlimMeta>(draft: MetaDraft<Row>): void {
  if (draft.recall === undefined || draft.name === '') return
  draft.key = objectKey(draft)
  draft.known = draft.recall(draft.key)
}

/** What was recalled is of use where it is the same object still: its fields may have come twice, or it was made anew. */
function forgetOther<Row extends SlimMeta>(draft: MetaDraft<Row>): void {
  const { known, name, namespace, uid } = draft
  const isSame = uid !== '' && known?.uid === uid && known.name === name && known.namespace === namespace
  if (!isSame) draft.known = undefined
  // One copy of the text that is equal in every state of an object.
  else draft.name = known.name
}

/** A map comes in one piece; where it does not, all pieces count. */
function addLabels(draft: MetaDraft, labels: Labels): void {
  draft.labels = draft.labels === noLabels ? labels : { ...draft.labels, ...labels }
}

/** What `metaFromJson` wants of an ObjectMeta. */
export function metaShapes(interner: Interner) {
  return {
    namespace: sharedText(interner),
    uid: anyJson,
    deletionTimestamp: anyJson,
    labels: sharedMap(interner),
  }
}

export function metaFromJson<Row extends SlimMeta = SlimMeta>(object: JsonObject): MetaDraft<Row> {
  const draft = newMetaDraft<Row>()
  const metadata = objectAt(object, 'metadata')
  if (metadata === undefined) return draft
  draft.name = textAt(metadata, 'name')
  draft.namespace = textAt(metadata, 'namespace')
  draft.uid = textAt(metadata, 'uid')
  draft.resourceVersion = textAt(metadata, 'resourceVersion')
  draft.deleting = textAt(metadata, 'deletionTimestamp') !== ''
  draft.labels = labelsOf(textMapAt(metadata, 'labels'))
  return draft
}

/** Reads only the identity from the message of any object: its first field is its ObjectMeta. */
export function readIdentity(reader: WireReader, end: number): ObjectIdentity {
  let identity: ObjectIdentity = { key: '', resourceVersion: '' }
  while (reader.pos < end) {
    const tag = reader.tag()
    if (tag === ((1 << 3) | 2)) identity = readMetaIdentity(reader)
    else reader.skip(tag)
  }
  return identity
}

function readMetaIdentity(reader: WireReader): ObjectIdentity {
  const end = enter(reader)
  let name = ''
  let namespace = ''
  let resourceVersion = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        name = reader.string()
        break
      case (3 << 3) | 2:
        namespace = reader.string()
        break
      case (6 << 3) | 2:
        resourceVersion = reader.string()
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
  return { key: objectKey({ name, namespace }), resourceVersion }
}

export function identityFromJson(value: unknown): ObjectIdentity {
  const metadata = objectAt(asObject(value, 'the object'), 'metadata') ?? {}
  return {
    key: objectKey({ name: textAt(metadata, 'name'), namespace: textAt(metadata, 'namespace') }),
    resourceVersion: textAt(metadata, 'resourceVersion'),
  }
}
