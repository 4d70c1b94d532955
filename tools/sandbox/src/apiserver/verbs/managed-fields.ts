import type { JsonObject } from '../json.ts'
import { type KubeObject, type ManagedFields, timestamp } from '../object.ts'
import { difference, differing, type FieldSet, fieldsOf, isEmptySet, union } from '../patch/field-set.ts'
import { customType, type FieldSchema } from '../patch/schema.ts'
import { groupVersion, type ResourceType } from '../resources/types.ts'

/** Fields that belong to nobody: identity, and what the server writes. */
const unowned = ['f:apiVersion', 'f:kind']
const unownedMetadata = [
  'name',
  'namespace',
  'generateName',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'selfLink',
].map((name) => `f:${name}`)

export function rootSchema(type: ResourceType): FieldSchema {
  return { type: type.schema ?? customType }
}

/** The fields of an object that can have an owner. */
export function ownableFields(object: JsonObject, type: ResourceType): FieldSet {
  const fields = fieldsOf(object, rootSchema(type))
  for (const key of unowned) delete fields[key]
  const metadata = fields['f:metadata']
  if (typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata)) {
    for (const key of unownedMetadata) delete metadata[key]
    if (isEmptySet(metadata)) delete fields['f:metadata']
  }
  return fields
}

/**
 * The managedFields after an ordinary write: what it changed belongs to its manager from now on. Ownership is
 * tracked from an object's first server-side apply on; before that nobody needs it and it stays undefined.
 */
export function recordUpdate({
  type,
  next,
  old,
  manager,
  now,
}: {
  type: ResourceType
  next: KubeObject
  old: KubeObject
  manager: string
  now: number
}): readonly ManagedFields[] | undefined {
  const entries = next.metadata.managedFields
  if (entries === undefined || entries.length === 0) return undefined
  const schema = rootSchema(type)
  const after = ownableFields(next, type)
  const before = ownableFields(old, type)
  const changed = differing(after, { value: next, schema }, { value: old, schema })
  const gone = difference(before, after)
  if (isEmptySet(changed) && isEmptySet(gone)) return undefined
  const others = entries
    .map((entry) => ({ ...entry, fieldsV1: difference(difference(entry.fieldsV1, changed), gone) }))
    .filter((entry) => !isEmptySet(entry.fieldsV1))
  if (isEmptySet(changed)) return others
  const isOwn = (entry: ManagedFields) => entry.manager === manager && entry.operation === 'Update'
  const own = others.find(isOwn)
  const fieldsV1 = union(own?.fieldsV1 ?? {}, changed)
  return [
    ...others.filter((entry) => !isOwn(entry)),
    managedEntry({ type, manager, operation: 'Update', fieldsV1, now }),
  ]
}

export function managedEntry({
  type,
  manager,
  operation,
  fieldsV1,
  now,
}: {
  type: ResourceType
  manager: string
  operation: ManagedFields['operation']
  fieldsV1: FieldSet
  now: number
}): ManagedFields {
  return {
    manager,
    operation,
    apiVersion: groupVersion(type),
    time: timestamp(now),
    fieldsType: 'FieldsV1',
    fieldsV1,
  }
}
