import {
  equalPods,
  equalsIgnoringVersion,
  hasObjectKey,
  objectKey,
  type SlimCiliumNode,
  type SlimEndpointSlice,
  type SlimMeta,
  type SlimNamespace,
  type SlimNetworkPolicy,
  type SlimNode,
  type SlimPod,
  type SlimService,
} from '@axoneme/slim-types'
import { createTable, type TableOptions, type WritableTable } from '@axoneme/tables'

// Rows are keyed by objectKey. A row that differs only in its resourceVersion is no change, so the resourceVersion of
// a row is that of its last change that mattered.

function createObjectTable<T extends SlimMeta>(
  name: string,
  indexes: NonNullable<TableOptions<T>['indexes']> = {},
): WritableTable<T> {
  return createTable<T>({ name, key: objectKey, indexes, equals: equalsIgnoringVersion })
}

export function createPodTable(): WritableTable<SlimPod> {
  return createTable<SlimPod>({ name: 'pods', key: objectKey, hasKey: hasObjectKey, equals: equalPods })
}

export function createServiceTable(): WritableTable<SlimService> {
  return createObjectTable<SlimService>('services')
}

export function createEndpointSliceTable(): WritableTable<SlimEndpointSlice> {
  return createObjectTable<SlimEndpointSlice>('endpointslices')
}

export function createNamespaceTable(): WritableTable<SlimNamespace> {
  return createObjectTable<SlimNamespace>('namespaces')
}

/** Index: `namespace`. */
export function createNetworkPolicyTable(): WritableTable<SlimNetworkPolicy> {
  return createObjectTable<SlimNetworkPolicy>('networkpolicies', {
    namespace: (policy) => [policy.namespace],
  })
}

/** Index: `ip`, every address of the node. */
export function createNodeTable(): WritableTable<SlimNode> {
  return createObjectTable<SlimNode>('nodes', { ip: (node) => node.addresses.map(({ address }) => address) })
}

/** Index: `ip`, every address of the node. */
export function createCiliumNodeTable(): WritableTable<SlimCiliumNode> {
  return createObjectTable<SlimCiliumNode>('ciliumnodes', {
    ip: (node) => node.addresses.map(({ address }) => address),
  })
}
