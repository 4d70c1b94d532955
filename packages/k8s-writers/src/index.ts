export {
  type CiliumEndpointContent,
  ciliumEndpointContent,
  ciliumEndpointContentSchema,
  ciliumEndpointKey,
} from './cilium-endpoint.ts'
export { ciliumEndpointTarget, type EndpointRecords } from './cilium-endpoint-target.ts'
export { CiliumNodeError } from './cilium-node.ts'
export { deleteCiliumEndpoint } from './delete-cilium-endpoint.ts'
export {
  createLeaderLease,
  type LeaderLease,
  type LeaseRecord,
  type StoredLease,
} from './leader-lease.ts'
export { markNetworkAvailable, type NodeWriteOutcome, writeNodeTaint } from './node-network.ts'
export { type PodCidrsOutcome, patchCiliumNodePodCidrs } from './patch-pod-cidrs.ts'
export {
  CustomResourceError,
  customResourcesServed,
  registerCustomResourceDefinitions,
} from './register-crds.ts'
export type { WrittenEndpoint } from './write-cilium-endpoint.ts'
export {
  type CiliumNodeContent,
  type KnownCiliumNode,
  saysCiliumNode,
  writeCiliumNode,
} from './write-cilium-node.ts'
