import { ApiError, badRequest, notFound } from '../errors.ts'
import { isEqual, isObject, type Json } from '../json.ts'
import { type KubeObject, type ManagedFields, storageKey } from '../object.ts'
import { mergeApplied, withoutFields } from '../patch/apply.ts'
import {
  difference,
  differing,
  type FieldSet,
  intersection,
  isEmptySet,
  pathsOf,
  union,
} from '../patch/field-set.ts'
import type { ResourceType } from '../resources/types.ts'
import { collectionOf, toServed, type VerbContext } from './context.ts'
import { createObject } from './create.ts'
import { parseDraft } from './draft.ts'
import { managedEntry, ownableFields, rootSchema } from './managed-fields.ts'
import type { PatchRequest } from './patch.ts'
import { updateObject } from './update.ts'

/**
 * Server-side apply: the manager's fields become what the body says, its former fields that the body leaves out are
 * removed, and a field that another manager owns with another value is a conflict unless forced. Objects that were
 * never applied this way belong to "before-first-apply". Lists of custom resources are atomic.
 */
export function applyObject(
  context: VerbContext,
  type: ResourceType,
  request: PatchRequest,
): { object: KubeObject; isNew: boolean } {
  const { namespace, name, patch, fieldManager, dryRun = false, subresource } = request
  if (fieldManager === '')
    throw badRequest('PatchOptions.fieldManager: Required value: is required for apply patch')
  if (!isObject(patch)) throw badRequest('the body of an apply is an object')
  const draft = parseDraft(type, patch, namespace)
  if (draft.metadata.managedFields !== undefined && draft.metadata.managedFields.length > 0)
    throw badRequest('metadata.managedFields must be nil')
  const applied = ownableFields(draft, type)
  const entry = managedEntry({
    type,
    manager: fieldManager,
    operation: 'Apply',
    fieldsV1: applied,
    now: context.now(),
  })
  const stored = collectionOf(context, type).get(storageKey(namespace, name))
  if (stored === undefined) {
    if (subresource !== undefined) throw notFound(type, name)
    const object = createObject(context, type, {
      namespace,
      name,
      body: draft,
      dryRun,
      managedFields: [entry],
    })
    return { object, isNew: true }
  }
  const live = toServed(type, stored)
  const own = live.metadata.managedFields?.find((field) => isEntryOf(field, fieldManager))
  const merged = mergeApplied(live, draft, rootSchema(type))
  const others = settleConflicts({ type, live, merged, applied, request })
  const abandoned = difference(difference(own?.fieldsV1 ?? {}, applied), unionOf(others))
  const body = isEmptySet(abandoned) ? merged : (withoutFields(merged, abandoned, rootSchema(type)) ?? merged)
  // The time says when the manager's fields last changed: an apply of the same leaves it alone.
  const kept = own !== undefined && isEqual(own.fieldsV1, applied) ? own : entry
  const object = updateObject(context, type, {
    namespace,
    name,
    body,
    dryRun,
    isPatch: true,
    ...(subresource === 'status' ? { subresource } : {}),
    managedFields: () => [...others, kept],
  })
  return { object, isNew: false }
}

function isEntryOf(entry: ManagedFields, manager: string): boolean {
  return entry.operation === 'Apply' && entry.manager === manager
}

function unionOf(entries: readonly ManagedFields[]): FieldSet {
  return entries.reduce<FieldSet>((all, entry) => union(all, entry.fieldsV1), {})
}

/** The other managers' entries after this apply; throws when they own what it changes and it may not take it. */
function settleConflicts({
  type,
  live,
  merged,
  applied,
  request,
}: {
  type: ResourceType
  live: KubeObject
  merged: Json
  applied: FieldSet
  request: PatchRequest
}): ManagedFields[] {
  const schema = rootSchema(type)
  const entries = live.metadata.managedFields ?? []
  const before: ManagedFields[] =
    entries.length > 0
      ? entries
      : [
          managedEntry({
            type,
            manager: 'before-first-apply',
            operation: 'Update',
            fieldsV1: ownableFields(live, type),
            now: Date.parse(live.metadata.creationTimestamp),
          }),
        ]
  const others = before.filter((entry) => !isEntryOf(entry, request.fieldManager))
  const contested = others.map((entry) => ({
    entry,
    fields: differing(
      intersection(applied, entry.fieldsV1),
      { value: live, schema },
      { value: merged, schema },
    ),
  }))
  const conflicts = contested.filter(({ fields }) => !isEmptySet(fields))
  if (conflicts.length > 0 && request.force !== true) throw applyConflict(conflicts)
  return contested
    .map(({ entry, fields }) => ({ ...entry, fieldsV1: difference(entry.fieldsV1, fields) }))
    .filter((entry) => !isEmptySet(entry.fieldsV1))
}

function applyConflict(conflicts: readonly { entry: ManagedFields; fields: FieldSet }[]): ApiError {
  const causes = conflicts.flatMap(({ entry, fields }) =>
    pathsOf(fields).map((field) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with "${entry.manager}" using ${entry.apiVersion}`,
      field,
    })),
  )
  const count = `${causes.length} conflict${causes.length === 1 ? '' : 's'}`
  const listed = causes.map(({ message, field }) => `${message}: ${field}`).join('\n')
  return new ApiError(409, 'Conflict', {
    message: `Apply failed with ${count}: ${listed}`,
    details: { causes },
  })
}
