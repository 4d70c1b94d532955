import type { Interner } from './interner.ts'
import { asObject, type JsonObject, objectAt, textAt, textMapAt } from './json.ts'
import { anyJson, sharedMap, sharedText } from './json-shape.ts'
import { type LabelMaps, labelsTag, readLabels } from './label-maps.ts'
import { enter, leave } from './protobuf.ts'
import { type ResourceVersion, resourceVersionOf } from './resource-version.ts'
import { type Labels, objectKey, type SlimMeta } from './types.ts'
import { labelsOf, noLabels } from './values.ts'
import type { WireReader } from './wire-reader.ts'

/** What tells one object, and one state of it, from another. `key` is `namespace/name`, or the name alone. */
export type ObjectIdentity = Readonly<{ key: string; resourceVersion: ResourceVersion }>

/** meta/v1 ObjectMeta while it is read. */
export type MetaDraft = {
  name: string
  namespace: string
  uid: string
  resourceVersion: ResourceVersion
  labels: Labels
  deleting: boolean
  /** Where objects that have equal labels share them. */
  labelMaps: LabelMaps | undefined
}

export function newMetaDraft(labelMaps?: LabelMaps): MetaDraft {
  return {
    name: '',
    namespace: '',
    uid: '',
    resourceVersion: '',
    labels: noLabels,
    deleting: false,
    labelMaps,
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
export function readMeta(reader: WireReader, draft: MetaDraft, interner: Interner): void {
  const end = enter(reader)
  while (reader.skipTo(metaFields, end)) readMetaField(reader, draft, interner)
  leave(reader, end)
}

export const nameTag = (1 << 3) | 2
export const generateNameTag = (2 << 3) | 2
export const namespaceTag = (3 << 3) | 2
export const selfLinkTag = (4 << 3) | 2
export const uidTag = (5 << 3) | 2

/** For `skipTo`: those that readMetaField acts on. */
export const metaFields = (1 << 1) | (1 << 3) | (1 << 5) | (1 << 6) | (1 << 9) | (1 << 11)

/** Reads the next field of an ObjectMeta into `draft`. */
export function readMetaField(reader: WireReader, draft: MetaDraft, interner: Interner): void {
  const tag = reader.tag()
  switch (tag) {
    case nameTag:
      draft.name = reader.string()
      break
    case namespaceTag:
      draft.namespace = reader.interned(interner)
      break
    case uidTag:
      draft.uid = reader.string()
      break
    case (6 << 3) | 2:
      draft.resourceVersion = reader.decimal()
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

export function metaFromJson(object: JsonObject): MetaDraft {
  const draft = newMetaDraft()
  const metadata = objectAt(object, 'metadata')
  if (metadata === undefined) return draft
  draft.name = textAt(metadata, 'name')
  draft.namespace = textAt(metadata, 'namespace')
  draft.uid = textAt(metadata, 'uid')
  draft.resourceVersion = versionAt(metadata)
  draft.deleting = textAt(metadata, 'deletionTimestamp') !== ''
  draft.labels = labelsOf(textMapAt(metadata, 'labels'))
  return draft
}

/** Of the metadata. */
export function versionAt(metadata: JsonObject): ResourceVersion {
  return resourceVersionOf(textAt(metadata, 'resourceVersion'))
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
  let resourceVersion: ResourceVersion = ''
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
        resourceVersion = reader.decimal()
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
    resourceVersion: versionAt(metadata),
  }
}
