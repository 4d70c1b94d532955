import type { Labels } from '@axoneme/slim-types'
import { isIdentityLabel, type LabelFilter } from './label-filter.ts'

/** What of a pod and its surroundings decides its identity. */
export type PodIdentitySource = Readonly<{
  namespace: string
  /** Labels of the pod. */
  labels: Labels
  /** Labels of its namespace. */
  namespaceLabels: Labels
  /** Name of the cluster. */
  cluster: string
  /** Empty: not set, and then not part of the identity. */
  serviceAccount: string
}>

const namespaceKey = 'io.kubernetes.pod.namespace'
const clusterKey = 'io.cilium.k8s.policy.cluster'
const serviceAccountKey = 'io.cilium.k8s.policy.serviceaccount'
const namespaceLabelsPrefix = 'io.cilium.k8s.namespace.labels.'
/** Keys that only the agent may set: a pod that could would choose its own identity. */
const ownPrefix = 'io.cilium.k8s.'

/** The security-relevant labels of a pod, `k8s:<key>` -> value, as Cilium computes them. */
export function podIdentityLabels(pod: PodIdentitySource, isRelevant: LabelFilter = isIdentityLabel): Labels {
  const labels: Record<string, string> = {}
  const add = (key: string, value: string) => {
    if (isRelevant(key)) labels[`k8s:${key}`] = value
  }
  for (const [key, value] of Object.entries(pod.labels)) if (!key.startsWith(ownPrefix)) add(key, value)
  for (const [key, value] of Object.entries(pod.namespaceLabels)) add(namespaceLabelsPrefix + key, value)
  add(namespaceKey, pod.namespace)
  add(clusterKey, pod.cluster)
  if (pod.serviceAccount !== '') add(serviceAccountKey, pod.serviceAccount)
  return labels
}
