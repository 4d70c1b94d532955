import type { FieldProblem } from '../errors.ts'
import {
  clone,
  ensureObject,
  isEqual,
  type JsonObject,
  objectAt,
  objectsAt,
  setDefault,
  textAt,
} from '../json.ts'
import { isDeleting, type KubeObject } from '../object.ts'
import type { DeleteOptions, Strategy } from '../resources/types.ts'
import { defaultPodSpec } from './pod-defaults.ts'
import { podSpecProblems } from './pod-validation.ts'
import { forbiddenField } from './problems.ts'

export const podStrategy: Strategy = {
  defaults(pod) {
    const spec = ensureObject(pod, 'spec')
    defaultPodSpec(spec)
    setDefault(spec, 'serviceAccountName', 'default')
    setDefault(spec, 'serviceAccount', textAt(spec, 'serviceAccountName'))
    setDefault(spec, 'enableServiceLinks', true)
  },
  prepareCreate(pod) {
    pod.status = { phase: 'Pending', qosClass: qosClass(pod) }
  },
  validate(pod, old) {
    const problems = podSpecProblems('spec', pod.spec)
    return old === undefined ? problems : [...problems, ...updateProblems(pod, old)]
  },
  gracePeriodSeconds,
}

/**
 * What is not on a node, or has ended, has nobody to wait for. Otherwise the kubelet gets its time and confirms with a
 * second deletion whose grace period is 0.
 */
function gracePeriodSeconds(pod: KubeObject, options: DeleteOptions): number {
  const phase = textAt(pod, 'status', 'phase')
  if (textAt(pod, 'spec', 'nodeName') === '' || phase === 'Succeeded' || phase === 'Failed') return 0
  const declared = objectAt(pod, 'spec').terminationGracePeriodSeconds
  const asked = options.gracePeriodSeconds ?? (typeof declared === 'number' ? declared : 30)
  // A declared period below zero means the shortest one that still asks the kubelet.
  const grace = asked < 0 ? 1 : asked
  return isDeleting(pod) ? Math.min(grace, pod.metadata.deletionGracePeriodSeconds ?? grace) : grace
}

function updateProblems(pod: KubeObject, old: KubeObject): FieldProblem[] {
  if (isEqual(immutablePart(objectAt(pod, 'spec')), immutablePart(objectAt(old, 'spec')))) return []
  return [
    forbiddenField(
      'spec',
      'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
    ),
  ]
}

function immutablePart(spec: JsonObject): JsonObject {
  const part = clone(spec)
  for (const key of [
    'activeDeadlineSeconds',
    'tolerations',
    'terminationGracePeriodSeconds',
    'ephemeralContainers',
  ])
    delete part[key]
  for (const container of [...objectsAt(part, 'containers'), ...objectsAt(part, 'initContainers')]) {
    delete container.image
    delete container.imagePullPolicy
    delete container.resources
  }
  return part
}

/** Guaranteed: cpu and memory limits everywhere, equal to the requests; BestEffort: none anywhere. */
function qosClass(pod: KubeObject): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const resources = [
    ...objectsAt(pod, 'spec', 'containers'),
    ...objectsAt(pod, 'spec', 'initContainers'),
  ].map((container) => ({
    limits: objectAt(container, 'resources', 'limits'),
    requests: objectAt(container, 'resources', 'requests'),
  }))
  const named = (from: JsonObject) => from.cpu !== undefined || from.memory !== undefined
  if (!resources.some(({ limits, requests }) => named(limits) || named(requests))) return 'BestEffort'
  const isGuaranteed = resources.every(({ limits, requests }) =>
    ['cpu', 'memory'].every(
      (name) =>
        limits[name] !== undefined && (requests[name] === undefined || requests[name] === limits[name]),
    ),
  )
  return isGuaranteed ? 'Guaranteed' : 'Burstable'
}
