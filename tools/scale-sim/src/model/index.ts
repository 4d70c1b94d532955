export {
  nodeAddress,
  nodeName,
  nodeOfPod,
  podAddress,
  podCidr,
  podRange,
  serviceAddress,
  serviceRange,
} from './addresses.ts'
export { identityLabelsOfApp, identityLabelsOfPod, identityOfApp } from './app.ts'
export { churnNodes, churnPod } from './churn.ts'
export { ciliumNodeObject } from './cilium-node.ts'
export {
  type Beat,
  beatsBetween,
  type HeartbeatPeriods,
  modernHeartbeats,
  oldHeartbeats,
} from './heartbeats.ts'
export {
  identityEntry,
  ipEntry,
  kvstoreEntries,
  type ModelEntry,
  nodeEntry,
  nodeRow,
  slaveEntries,
} from './kvstore-entries.ts'
export { leaseNamespace, leaseObject } from './lease.ts'
export { namespaceObject } from './namespace.ts'
export { nodeObject, withHeartbeat } from './node.ts'
export type { ModelObject } from './object.ts'
export { podName, podNamespace, podObject } from './pod.ts'
export { endpointSliceObject, serviceObject } from './service.ts'
export { backendsPerService, type ClusterShape, clusterShape, fullShape } from './shape.ts'
