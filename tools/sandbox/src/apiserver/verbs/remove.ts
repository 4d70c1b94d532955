import { conflict } from '../errors.ts'
import { clone } from '../json.ts'
import { isDeleting, type KubeObject, keyOf, timestamp } from '../object.ts'
import type { DeleteOptions, ResourceType } from '../resources/types.ts'
import { collectionOf, type Target, toServed, type VerbContext } from './context.ts'
import { getStored, storeUpdated } from './update.ts'

export type DeleteOutcome = Readonly<{
  /** The object's last state. */
  object: KubeObject
  /** Whether it is gone; otherwise its deletionTimestamp is set and somebody must let go of it. */
  isGone: boolean
}>

/**
 * Asks for the deletion of an object: it goes at once, or stays with a deletionTimestamp until its grace period is
 * confirmed and its finalizers are gone. Asking again can only shorten the grace period.
 */
export function deleteObject(
  context: VerbContext,
  type: ResourceType,
  { options = {}, ...target }: Target & { options?: DeleteOptions },
): DeleteOutcome {
  const old = getStored(context, type, target)
  checkPreconditions(type, old, options)
  const graceSeconds = type.strategy.gracePeriodSeconds?.(old, options) ?? 0
  const next = clone(old)
  const policyFinalizer = finalizerOf(options)
  if (policyFinalizer !== undefined && next.metadata.finalizers?.includes(policyFinalizer) !== true)
    next.metadata.finalizers = [...(next.metadata.finalizers ?? []), policyFinalizer]
  const isShorter = graceSeconds < (old.metadata.deletionGracePeriodSeconds ?? Number.POSITIVE_INFINITY)
  if (!isDeleting(old) || isShorter) {
    next.metadata.deletionTimestamp = timestamp(context.now() + graceSeconds * 1000)
    next.metadata.deletionGracePeriodSeconds = graceSeconds
    if (type.hasGeneration && !isDeleting(old)) next.metadata.generation = (old.metadata.generation ?? 0) + 1
    type.strategy.markDeleting?.(next)
  }
  const isGone = isReleased(type, next)
  if (options.dryRun === true) return { object: toServed(type, next), isGone }
  if (!isGone) {
    const changed = !isDeleting(old) || isShorter || policyFinalizer !== undefined
    return { object: toServed(type, changed ? storeUpdated(context, type, next) : old), isGone }
  }
  const removed = collectionOf(context, type).remove(keyOf(old)) ?? old
  type.strategy.removed?.(removed)
  return { object: toServed(type, removed), isGone }
}

/** Whether nothing keeps an object whose deletion was asked for. */
export function isReleased(type: ResourceType, object: KubeObject): boolean {
  const { finalizers = [], deletionGracePeriodSeconds = 0 } = object.metadata
  return (
    finalizers.length === 0 && deletionGracePeriodSeconds === 0 && type.strategy.isHeld?.(object) !== true
  )
}

function finalizerOf(options: DeleteOptions): string | undefined {
  if (options.propagationPolicy === 'Orphan') return 'orphan'
  return options.propagationPolicy === 'Foreground' ? 'foregroundDeletion' : undefined
}

function checkPreconditions(
  type: ResourceType,
  object: KubeObject,
  { preconditions = {} }: DeleteOptions,
): void {
  const { uid, resourceVersion } = preconditions
  const { name } = object.metadata
  if (uid !== undefined && uid !== object.metadata.uid)
    throw conflict(
      type,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${object.metadata.uid}`,
    )
  if (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion)
    throw conflict(
      type,
      name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${object.metadata.resourceVersion}`,
    )
}
