import { ApiError, unsupportedMediaType } from '../errors.ts'
import { isObject, type Json } from '../json.ts'
import type { KubeObject } from '../object.ts'
import { applyJsonPatch } from '../patch/json-patch.ts'
import { mergePatch } from '../patch/merge.ts'
import { strategicMergePatch } from '../patch/strategic.ts'
import type { ResourceType } from '../resources/types.ts'
import { applyObject } from './apply.ts'
import type { Target, VerbContext } from './context.ts'
import { recordUpdate } from './managed-fields.ts'
import { scaleOf, updateScale } from './scale.ts'
import { getObject, updateObject } from './update.ts'

export const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const

export type PatchRequest = Target &
  Readonly<{
    mediaType: string
    patch: Json
    subresource?: 'status' | 'scale'
    dryRun?: boolean
    fieldManager: string
    /** Server-side apply only: take fields over from other managers. */
    force?: boolean
  }>

/** Changes an object as the patch says; `isNew` tells whether an apply has created it. */
export function patchObject(
  context: VerbContext,
  type: ResourceType,
  request: PatchRequest,
): { object: KubeObject; isNew: boolean } {
  const { mediaType, patch, subresource, dryRun = false, fieldManager } = request
  const target = { namespace: request.namespace, name: request.name }
  if (subresource === 'scale' && type.scale !== undefined) {
    const view = scaleOf(type.scale, getObject(context, type, target))
    // The Scale that a strategic patch or an apply describes has no lists: merging is the same for all three.
    const body = mediaType === patchTypes.json ? applyJsonPatch(view, patch) : mergePatch(view, patch)
    return {
      object: updateScale(context, type, { ...target, scale: type.scale, body, dryRun }),
      isNew: false,
    }
  }
  if (mediaType === patchTypes.apply) return applyObject(context, type, request)
  const current = getObject(context, type, target)
  const body = patched(type, { current, mediaType, patch })
  const object = updateObject(context, type, {
    ...target,
    body,
    dryRun,
    isPatch: true,
    ...(subresource === 'status' ? { subresource } : {}),
    managedFields: (next, old) =>
      recordUpdate({ type, next, old, manager: fieldManager, now: context.now() }),
  })
  return { object, isNew: false }
}

function patched(
  type: ResourceType,
  { current, mediaType, patch }: { current: KubeObject; mediaType: string; patch: Json },
): Json {
  switch (mediaType) {
    case patchTypes.json:
      return applyJsonPatch(current, patch)
    case patchTypes.merge:
      if (!isObject(patch)) throw new ApiError(400, 'BadRequest', { message: 'a merge patch is an object' })
      return mergePatch(current, patch)
    case patchTypes.strategic:
      if (type.schema !== undefined) return strategicMergePatch(current, patch, type.schema)
      throw unsupportedMediaType(mediaType, [patchTypes.json, patchTypes.merge, patchTypes.apply])
    default:
      throw unsupportedMediaType(mediaType, Object.values(patchTypes))
  }
}
