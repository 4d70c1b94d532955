import { nodeName } from './addresses.ts'
import { createdAt, type ModelObject, uidOf } from './object.ts'

export const leaseNamespace = 'kube-node-lease'

/** The lease that a node's kubelet renews. `renewedAt` is RFC 3339 with microseconds. */
export function leaseObject(index: number, renewedAt: string): ModelObject {
  const name = nodeName(index)
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      namespace: leaseNamespace,
      uid: uidOf('Lease', index),
      resourceVersion: '',
      creationTimestamp: createdAt,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: uidOf('Node', index) }],
    },
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: renewedAt },
  }
}
