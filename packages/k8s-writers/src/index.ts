export { CiliumNodeError } from './cilium-node.ts'
export { type CiliumNodeContent, ensureCiliumNode } from './ensure-cilium-node.ts'
export {
  createLeaderLease,
  type LeaderLease,
  type LeaseRecord,
  type StoredLease,
} from './leader-lease.ts'
export { type PodCidrsOutcome, patchCiliumNodePodCidrs } from './patch-pod-cidrs.ts'
export { CustomResourceError, registerCustomResourceDefinitions } from './register-crds.ts'
