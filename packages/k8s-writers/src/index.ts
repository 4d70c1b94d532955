export { CiliumNodeError } from './cilium-node.ts'
export { deleteCiliumEndpoint } from './delete-cilium-endpoint.ts'
export { type CiliumNodeContent, ensureCiliumNode } from './ensure-cilium-node.ts'
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
