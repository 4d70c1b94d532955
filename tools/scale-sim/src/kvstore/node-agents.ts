import type { IdentityId } from '@axoneme/identity'
import { parseLabels } from '@axoneme/identity'
import type { Kvstore } from '@axoneme/kvstore'
import {
  createIdentityAllocator,
  createSharedStore,
  type IdentityAllocator,
  type IdentityTable,
  ipPrefix,
  type SharedStore,
} from '@axoneme/kvstore-sync'
import type { Scope } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import {
  type ClusterShape,
  identityLabelsOfPod,
  ipEntry,
  nodeAddress,
  nodeOfPod,
  podAddress,
} from '../model/index.ts'

/** The part of a node's agent that tells the cluster of its pods: the real allocator and the real shared store. */
export type NodeAgents = Readonly<{
  /** The identity of the pod's labels, marked as used by its node, and the address published. */
  publish(pod: number): Promise<IdentityId>
  withdraw(pod: number, identity: IdentityId): Promise<void>
}>

/** One agent for each node that pods come to; they share a connection, a watch of the identities and its table. */
export function createNodeAgents({
  store,
  table,
  shape,
  log,
  scope,
}: {
  store: Kvstore
  table: IdentityTable
  shape: ClusterShape
  log: Logger
  scope: Scope
}): NodeAgents {
  const agents = new Map<number, { identities: IdentityAllocator; ips: SharedStore }>()
  const agentOf = (node: number) => {
    const known = agents.get(node)
    if (known !== undefined) return known
    const common = { store, log, signal: scope.signal, nodeCount: () => shape.nodes }
    const identities = scope.use(createIdentityAllocator({ ...common, table, nodeSuffix: nodeAddress(node) }))
    const ips = scope.use(createSharedStore({ ...common, prefix: ipPrefix(shape.clusterName), watch: false }))
    const made = { identities, ips }
    agents.set(node, made)
    return made
  }
  return {
    async publish(pod) {
      const { identities, ips } = agentOf(nodeOfPod(shape, pod))
      const labels = parseLabels(identityLabelsOfPod(shape, pod)) ?? {}
      const identity = await identities.allocate(labels)
      ips.set(podAddress(shape, pod), ipEntry(shape, pod, identity).value)
      return identity
    },
    async withdraw(pod, identity) {
      const { identities, ips } = agentOf(nodeOfPod(shape, pod))
      ips.remove(podAddress(shape, pod))
      await identities.release(identity)
    },
  }
}
