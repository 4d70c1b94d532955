import type { ApiServer } from '@axoneme/sandbox'
import {
  type ClusterShape,
  ciliumNodeObject,
  endpointSliceObject,
  leaseNamespace,
  leaseObject,
  type ModelObject,
  namespaceObject,
  nodeObject,
  podObject,
  serviceObject,
} from '../model/index.ts'
import { createdAt, uidOf } from '../model/object.ts'

type Store = ApiServer['store']
export type RealNode = Readonly<{ name: string; address: string }>

/** Puts every object of the cluster into the store as it is, without the checks that a request would meet. */
export function loadCluster(
  store: Store,
  {
    shape,
    realNodes,
    agentsHaveRun,
  }: { shape: ClusterShape; realNodes: readonly RealNode[]; agentsHaveRun: boolean },
): void {
  const put = (collection: string, object: ModelObject) => store.collection(collection).put(object)
  for (let i = 0; i < shape.namespaces; i++) put('/namespaces', namespaceObject(i))
  put('/namespaces', plainNamespace(leaseNamespace))
  for (let i = 0; i < shape.nodes; i++) {
    put('/nodes', nodeObject(i))
    put('cilium.io/ciliumnodes', ciliumNodeObject(i, { hasRun: agentsHaveRun }))
    put('coordination.k8s.io/leases', leaseObject(i, `${createdAt.slice(0, -1)}.000000Z`))
  }
  for (const [i, node] of realNodes.entries()) put('/nodes', realNodeObject(node, shape.nodes + i))
  for (let i = 0; i < shape.services; i++) {
    put('/services', serviceObject(shape, i))
    put('discovery.k8s.io/endpointslices', endpointSliceObject(shape, i))
  }
  for (let i = 0; i < shape.pods; i++) put('/pods', podObject(shape, i))
  // Nobody watches from before.
  store.compact()
}

/** A node of the model's kind at an address of the sandbox's, whose pod range the operator has to find. */
function realNodeObject({ name, address }: RealNode, index: number): ModelObject {
  const node = nodeObject(index)
  const status = node.status as Record<string, never>
  return {
    ...node,
    metadata: {
      ...node.metadata,
      name,
      labels: { ...node.metadata.labels, 'kubernetes.io/hostname': name },
    },
    spec: {},
    status: {
      ...status,
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: name },
      ],
    },
  }
}

function plainNamespace(name: string): ModelObject {
  return {
    ...namespaceObject(0),
    metadata: {
      name,
      uid: uidOf('Namespace', 0xffff),
      resourceVersion: '',
      creationTimestamp: createdAt,
      labels: { 'kubernetes.io/metadata.name': name },
    },
  }
}
