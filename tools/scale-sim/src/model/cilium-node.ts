import { nodeAddress, nodeName, podCidr, routerAddress } from './addresses.ts'
import { nodeLabels } from './node.ts'
import { createdAt, type ModelObject, uidOf } from './object.ts'

/**
 * What the agent of a node and the operator have written about it; of a node whose agent has not run since it got its
 * range, not yet the address that the agent takes.
 */
export function ciliumNodeObject(index: number, { hasRun = true }: { hasRun?: boolean } = {}): ModelObject {
  const name = nodeName(index)
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNode',
    metadata: {
      name,
      uid: uidOf('CiliumNode', index),
      resourceVersion: '',
      generation: 1,
      creationTimestamp: createdAt,
      labels: nodeLabels(index),
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: uidOf('Node', index) }],
    },
    spec: {
      addresses: [
        { type: 'InternalIP', ip: nodeAddress(index) },
        ...(hasRun ? [{ type: 'CiliumInternalIP', ip: routerAddress(index) }] : []),
      ],
      encryption: {},
      health: {},
      ipam: { podCIDRs: [podCidr(index)] },
    },
  }
}
