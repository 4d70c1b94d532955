import { invalid } from '../errors.ts'
import { at, clone, ensureObject, type Json, type JsonObject, numberAt, textAt } from '../json.ts'
import type { KubeObject } from '../object.ts'
import type { ResourceType, ScalePaths } from '../resources/types.ts'
import { countProblems } from '../strategies/problems.ts'
import { selectorText } from '../tables/format.ts'
import type { Target, VerbContext } from './context.ts'
import { getObject, updateObject } from './update.ts'

/** The autoscaling/v1 Scale view of an object. */
export function scaleOf(scale: ScalePaths, object: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const selector = at(object, 'spec', 'selector')
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      resourceVersion,
      creationTimestamp,
    },
    spec: { replicas: numberAt(object, ...scale.specReplicas.split('.')) ?? 0 },
    status: {
      replicas: numberAt(object, ...scale.statusReplicas.split('.')) ?? 0,
      selector:
        scale.labelSelector === 'status.selector'
          ? selectorText(selector)
          : textAt(object, ...(scale.labelSelector ?? '').split('.')),
    },
  }
}

/** Writes the number of a Scale into the object it is the view of. */
export function updateScale(
  context: VerbContext,
  type: ResourceType,
  { scale, body, dryRun = false, ...target }: Target & { scale: ScalePaths; body: Json; dryRun?: boolean },
): KubeObject {
  const replicas = at(body, 'spec', 'replicas') ?? 0
  const problems = countProblems('spec.replicas', replicas)
  if (problems.length > 0)
    throw invalid({ group: 'autoscaling', plural: 'scales', kind: 'Scale' }, target.name, problems)
  const next = clone(getObject(context, type, target))
  const asked = textAt(body, 'metadata', 'resourceVersion')
  if (asked !== '') next.metadata.resourceVersion = asked
  const path = scale.specReplicas.split('.')
  const last = path.pop() ?? 'replicas'
  const parent = path.reduce<JsonObject>(ensureObject, next)
  parent[last] = replicas
  return scaleOf(scale, updateObject(context, type, { ...target, body: next, dryRun, isPatch: true }))
}
