import type { ClusterShape } from './shape.ts'

/**
 * Nodes are 10.64.0.0/12, their pod ranges /24s of `podRange`, services `serviceRange`: none meets another, or the
 * 172.31.0.0/24 of a sandbox's own nodes.
 */
export const podRange = '10.0.0.0/11'
export const serviceRange = '10.96.0.0/16'

/** Addresses of a pod range that pods get: the first is the router's. */
const [firstPodOffset, podOffsets] = [2, 250]

export function nodeName(index: number): string {
  return `gke-prod-pool-1-8a9f2b3c-${String(index).padStart(4, '0')}`
}

export function nodeAddress(index: number): string {
  return dotted((10 << 24) + (64 << 16) + index + 1)
}

export function podCidr(index: number): string {
  return `${dotted((10 << 24) + index * 256)}/24`
}

export function routerAddress(index: number): string {
  return dotted((10 << 24) + index * 256 + 1)
}

/** Replicas of one ReplicaSet are on different nodes. */
export function nodeOfPod(shape: ClusterShape, pod: number): number {
  return pod % shape.nodes
}

/** Unlike those of the pods before it, up to 250 for each node. */
export function podAddress(shape: ClusterShape, pod: number): string {
  const offset = firstPodOffset + (Math.floor(pod / shape.nodes) % podOffsets)
  return dotted((10 << 24) + nodeOfPod(shape, pod) * 256 + offset)
}

/** The beginning of the range is left to services that are not the model's. */
export function serviceAddress(index: number): string {
  return dotted((10 << 24) + (96 << 16) + 256 + index)
}

function dotted(address: number): string {
  return `${(address >>> 24) & 255}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
}
