import { formatLabels, type IdentityId, podIdentityLabels } from '@axoneme/identity'
import { backendsPerService, type ClusterShape } from './shape.ts'

/**
 * An app is a set of identity-relevant labels in a namespace; its pods belong to ReplicaSets of five. A service selects
 * one ReplicaSet by its template hash, as blue-green deployments do, so that services have five backends while apps
 * have a hundred pods.
 */

export function namespaceName(index: number): string {
  return `team-${String(index).padStart(3, '0')}`
}

export function namespaceLabels(name: string): Record<string, string> {
  return { 'kubernetes.io/metadata.name': name }
}

export function appName(app: number): string {
  return `app-${String(app).padStart(4, '0')}`
}

export function namespaceOfApp(shape: ClusterShape, app: number): string {
  return namespaceName(app % shape.namespaces)
}

export function replicaSetOfPod(pod: number): number {
  return Math.floor(pod / backendsPerService)
}

/**
 * The pods of a node are of different apps. Pods beyond the cluster's own (churn) have apps, and so identities, of
 * their own.
 */
export function appOfReplicaSet(shape: ClusterShape, replicaSet: number): number {
  const first = Math.ceil(shape.pods / backendsPerService)
  if (replicaSet >= first) return shape.apps + replicaSet - first
  return (replicaSet + Math.floor(replicaSet / shape.apps) * 7) % shape.apps
}

export function templateHash(replicaSet: number): string {
  return (0x5ca1e000 + replicaSet).toString(36)
}

/** Name and selector value of a ReplicaSet. */
export function replicaSetName(shape: ClusterShape, replicaSet: number): string {
  return `${appName(appOfReplicaSet(shape, replicaSet))}-${templateHash(replicaSet)}`
}

/** The identity that a long-running cluster has given to an app: the model's own numbering. */
export function identityOfApp(app: number): IdentityId {
  return 256 + app
}

/** The labels of the identity, as the kvstore has them. */
export function identityLabelsOfApp(shape: ClusterShape, app: number): string {
  const namespace = namespaceOfApp(shape, app)
  const labels = podIdentityLabels({
    namespace,
    labels: { app: appName(app) },
    namespaceLabels: namespaceLabels(namespace),
    cluster: shape.clusterName,
    serviceAccount: appName(app),
  })
  return formatLabels(labels)
}

export function identityLabelsOfPod(shape: ClusterShape, pod: number): string {
  return identityLabelsOfApp(shape, appOfReplicaSet(shape, replicaSetOfPod(pod)))
}
