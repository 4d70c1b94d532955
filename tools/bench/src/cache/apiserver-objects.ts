import type { ApiServer } from '@axoneme/sandbox'
import {
  type ClusterShape,
  endpointSliceObject,
  leaseObject,
  type ModelObject,
  namespaceObject,
  nodeObject,
  serviceObject,
} from '@axoneme/scale-sim/model'

/** The node that the agent runs on. */
export type OwnNode = Readonly<{ name: string; address: string; podCidr: string }>

/** Puts what agents watch, and what heartbeats, into the store. Pods of other nodes are left out: no agent asks for them. */
export function fillApiserver(
  store: ApiServer['store'],
  { shape, own }: { shape: ClusterShape; own: OwnNode },
): void {
  const put = (collection: string, object: ModelObject) => store.collection(collection).put(object)
  const now = `${new Date().toISOString().slice(0, -1)}000Z`
  put('/nodes', ownNodeObject(own))
  for (let i = 0; i < shape.namespaces; i++) put('/namespaces', namespaceObject(i))
  for (let i = 0; i < shape.nodes; i++) {
    put('/nodes', nodeObject(i))
    put('coordination.k8s.io/leases', leaseObject(i, now))
  }
  for (let i = 0; i < shape.services; i++) {
    put('/services', serviceObject(shape, i))
    put('discovery.k8s.io/endpointslices', endpointSliceObject(shape, i))
  }
  // Nobody watches from before: what came before is not kept.
  store.compact()
}

function ownNodeObject({ name, address, podCidr }: OwnNode): ModelObject {
  const node = nodeObject(0)
  return {
    ...node,
    metadata: { ...node.metadata, name, uid: '5ca1e000-0000-4000-8000-000000000000' },
    spec: { podCIDR: podCidr, podCIDRs: [podCidr] },
    status: { addresses: [{ type: 'InternalIP', address }] },
  }
}
