import { conflict, invalid } from '../errors.ts'
import { clone, ensureObject, isObject, type Json, objectsAt, stringsAt, textAt } from '../json.ts'
import { type KubeObject, timestamp } from '../object.ts'
import type { ResourceType } from '../resources/types.ts'
import { required } from '../strategies/problems.ts'
import { collectionOf, type Target, type VerbContext } from './context.ts'
import { getStored, storeUpdated } from './update.ts'

/** Gives a pod its node, once: the only way that spec.nodeName changes. */
export function bindPod(
  context: VerbContext,
  type: ResourceType,
  { body, ...target }: Target & { body: Json },
): KubeObject {
  const nodeName = textAt(body, 'target', 'name')
  if (nodeName === '') throw invalid(type, target.name, [required('target.name')])
  const next = clone(getStored(context, type, target))
  const current = textAt(next, 'spec', 'nodeName')
  if (current !== '')
    throw conflict(type, target.name, `pod ${target.name} is already assigned to node "${current}"`)
  ensureObject(next, 'spec').nodeName = nodeName
  const status = ensureObject(next, 'status')
  status.conditions = [
    ...objectsAt(status, 'conditions').filter((condition) => condition.type !== 'PodScheduled'),
    { type: 'PodScheduled', status: 'True', lastTransitionTime: timestamp(context.now()) },
  ]
  return collectionOf(context, type).put(next)
}

/** Replaces spec.finalizers of a namespace; when none is left, a namespace under deletion is gone. */
export function finalizeNamespace(
  context: VerbContext,
  type: ResourceType,
  { body, ...target }: Target & { body: Json },
): KubeObject {
  const next = clone(getStored(context, type, target))
  ensureObject(next, 'spec').finalizers = isObject(body) ? stringsAt(body, 'spec', 'finalizers') : []
  return storeUpdated(context, type, next)
}
