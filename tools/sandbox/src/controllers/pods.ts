import { at, clone, type JsonObject, objectAt, objectsAt, stringMapAt, textAt } from '../apiserver/json.ts'
import { isDeleting, type KubeObject, labelsOf, type OwnerReference } from '../apiserver/object.ts'
import { labelSelectorMatcher } from '../apiserver/selectors/labels.ts'
import type { Cluster } from './cluster.ts'

export function isPodReady(pod: KubeObject): boolean {
  return objectsAt(pod, 'status', 'conditions').some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  )
}

/** Milliseconds until a ready pod counts as available; 0 when it does, undefined when it is not ready. */
export function availableInMs(pod: KubeObject, minReadySeconds: number, nowMs: number): number | undefined {
  const ready = objectsAt(pod, 'status', 'conditions').find(
    ({ type, status }) => type === 'Ready' && status === 'True',
  )
  if (ready === undefined) return undefined
  if (minReadySeconds === 0) return 0
  const since = Date.parse(textAt(ready, 'lastTransitionTime'))
  return Number.isNaN(since) ? 0 : Math.max(0, since + minReadySeconds * 1000 - nowMs)
}

export function hasEnded(pod: KubeObject): boolean {
  const phase = textAt(pod, 'status', 'phase')
  return phase === 'Succeeded' || phase === 'Failed'
}

/** Whether the pod counts towards the number that its owner wants. */
export function isActive(pod: KubeObject): boolean {
  return !isDeleting(pod) && !hasEnded(pod)
}

/** A pod of the owner's template. */
export function podFromTemplate(owner: KubeObject, metadata: JsonObject): JsonObject {
  const template = objectAt(owner, 'spec', 'template')
  return {
    metadata: {
      ...metadata,
      labels: { ...stringMapAt(template, 'metadata', 'labels'), ...stringMapAt(metadata, 'labels') },
      annotations: stringMapAt(template, 'metadata', 'annotations'),
      ownerReferences: [controllerReference(owner)],
    },
    spec: clone(objectAt(template, 'spec')),
  }
}

export function controllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  }
}

/**
 * The pods of an owner with a selector: those that it controls. On the way pods whose labels no longer match are let
 * go, and orphans that match are taken.
 */
export function claimPods(cluster: Cluster, owner: KubeObject): KubeObject[] {
  const matches = labelSelectorMatcher(at(owner, 'spec', 'selector'))
  const owned = cluster.podsByOwner.of(owner.metadata.uid)
  const kept: KubeObject[] = []
  for (const pod of owned) {
    if (matches(labelsOf(pod)) || isDeleting(pod)) kept.push(pod)
    else release(cluster, pod, owner)
  }
  if (isDeleting(owner)) return kept
  for (const pod of cluster.podsByNamespace.of(owner.metadata.namespace ?? '')) {
    const isOrphan = pod.metadata.ownerReferences?.some((reference) => reference.controller === true) !== true
    if (isOrphan && isActive(pod) && matches(labelsOf(pod))) kept.push(adopt(cluster, pod, owner))
  }
  return kept
}

function release(cluster: Cluster, pod: KubeObject, owner: KubeObject): void {
  const next = clone(pod)
  next.metadata.ownerReferences =
    next.metadata.ownerReferences?.filter(({ uid }) => uid !== owner.metadata.uid) ?? []
  cluster.pods.update(next)
}

function adopt(cluster: Cluster, pod: KubeObject, owner: KubeObject): KubeObject {
  const next = clone(pod)
  next.metadata.ownerReferences = [...(next.metadata.ownerReferences ?? []), controllerReference(owner)]
  return cluster.pods.update(next)
}

/** Which pods go first when there are too many: those that serve the least, then the youngest. */
export function byDeletionOrder(a: KubeObject, b: KubeObject): number {
  const rank = (pod: KubeObject) =>
    textAt(pod, 'spec', 'nodeName') === ''
      ? 0
      : textAt(pod, 'status', 'phase') === 'Pending'
        ? 1
        : isPodReady(pod)
          ? 3
          : 2
  const cost = (pod: KubeObject) =>
    Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0)
  return (
    rank(a) - rank(b) ||
    cost(a) - cost(b) ||
    Date.parse(b.metadata.creationTimestamp) - Date.parse(a.metadata.creationTimestamp) ||
    Number(b.metadata.resourceVersion) - Number(a.metadata.resourceVersion)
  )
}

/** Sets the condition `type`; lastTransitionTime moves only when the status does. */
export function withCondition(
  conditions: readonly JsonObject[],
  condition: { type: string; status: 'True' | 'False'; reason: string; message: string },
  time: string,
): JsonObject[] {
  const before = conditions.find(({ type }) => type === condition.type)
  const isSame = before?.status === condition.status
  const isUnchanged = isSame && before?.reason === condition.reason && before?.message === condition.message
  const next: JsonObject = {
    ...condition,
    lastUpdateTime: isUnchanged ? (before?.lastUpdateTime ?? time) : time,
    lastTransitionTime: isSame ? (before?.lastTransitionTime ?? time) : time,
  }
  return [...conditions.filter(({ type }) => type !== condition.type), next]
}
