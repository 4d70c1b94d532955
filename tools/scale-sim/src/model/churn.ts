import { nodeOfPod } from './addresses.ts'
import { backendsPerService, type ClusterShape } from './shape.ts'

/** Nodes that pods of the churn come to: each has to have an agent that publishes them. */
const maxNodes = 50

/**
 * The pods that come and go, one after the other: beyond the cluster's own, each of an app, and so with an identity, of
 * its own. Addresses are used again after some 10,000 pods.
 */
export function churnPod(shape: ClusterShape, turn: number): number {
  const nodes = churnNodeCount(shape)
  const first = Math.ceil(shape.pods / backendsPerService) * backendsPerService
  return first + Math.floor(turn / nodes) * shape.nodes + (turn % nodes) * backendsPerService
}

/** The nodes that pods of the churn come to. */
export function churnNodes(shape: ClusterShape): number[] {
  const turns = Array.from({ length: churnNodeCount(shape) }, (_, turn) => turn)
  return [...new Set(turns.map((turn) => nodeOfPod(shape, churnPod(shape, turn))))]
}

function churnNodeCount(shape: ClusterShape): number {
  return Math.max(1, Math.min(maxNodes, Math.floor(shape.nodes / backendsPerService)))
}
