import type { LabelFilter } from '@axoneme/identity'
import type { Labels, SlimLabelSelector } from '@axoneme/slim-types'

/** One condition on a label of an identity; keys carry their source (`k8s:app`). */
export type Requirement = Readonly<{
  key: string
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  values: readonly string[]
}>

/** All requirements must hold. `key` is equal for selectors with the same requirements. */
export type IdentitySelector = Readonly<{ key: string; requirements: readonly Requirement[] }>

/** Every pod's identity has this label and no reserved or CIDR identity does. */
const podNamespaceLabel = 'k8s:io.kubernetes.pod.namespace'
const podLabelPrefix = 'k8s:'
const namespaceLabelKey = 'io.cilium.k8s.namespace.labels.'
const namespaceLabelPrefix = `${podLabelPrefix}${namespaceLabelKey}`

/**
 * The identities of the pods that a podSelector and a namespaceSelector select: without the latter those of
 * `namespace`, otherwise those of every namespace it selects. Both empty select all pods, never anything else.
 */
export function compileSelector({
  namespace,
  podSelector,
  namespaceSelector,
}: {
  namespace: string
  podSelector?: SlimLabelSelector | undefined
  namespaceSelector?: SlimLabelSelector | undefined
}): IdentitySelector {
  const where: Requirement[] =
    namespaceSelector === undefined
      ? [{ key: podNamespaceLabel, operator: 'In', values: [namespace] }]
      : [
          { key: podNamespaceLabel, operator: 'Exists', values: [] },
          ...requirementsOf(namespaceSelector, namespaceLabelPrefix),
        ]
  const requirements = [
    ...where,
    ...(podSelector === undefined ? [] : requirementsOf(podSelector, podLabelPrefix)),
  ]
  return { key: JSON.stringify(requirements.map(canonical).sort()), requirements }
}

/**
 * The label keys that a selector asks for and that no identity carries (generated names, hashes: see `LabelFilter`).
 * Without the value nothing can be said about the pod.
 */
export function labelsOutsideIdentities(
  { requirements }: IdentitySelector,
  isIdentityLabel: LabelFilter,
): string[] {
  const keys = requirements.map(({ key }) => key.slice(podLabelPrefix.length))
  return keys
    .filter((key) => !isIdentityLabel(key))
    .map((key) => (key.startsWith(namespaceLabelKey) ? key.slice(namespaceLabelKey.length) : key))
}

export function selectsIdentity(selector: IdentitySelector, labels: Labels): boolean {
  return selector.requirements.every((requirement) => holds(requirement, labels))
}

/** NotIn also holds where the label is absent (Kubernetes documentation, "Labels and Selectors"). */
function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
  }
}

function requirementsOf(selector: SlimLabelSelector, prefix: string): Requirement[] {
  return [
    ...Object.entries(selector.matchLabels).map(
      ([key, value]): Requirement => ({ key: `${prefix}${key}`, operator: 'In', values: [value] }),
    ),
    ...selector.matchExpressions.map(
      ({ key, operator, values }): Requirement => ({ key: `${prefix}${key}`, operator, values }),
    ),
  ]
}

function canonical({ key, operator, values }: Requirement): string {
  return JSON.stringify([key, operator, [...values].sort()])
}
