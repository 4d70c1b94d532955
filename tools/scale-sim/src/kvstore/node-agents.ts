import { type IdentityId, parseLabels } from '@axoneme/identity'
import { type KvOperationEvent, openEtcdKvstore } from '@axoneme/kvstore'
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
import { ScaleSimError } from '../errors.ts'
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

/** What one agent may ask of etcd, by its default. */
const agentRateLimit = { perSecond: 100, burst: 200 }

/**
 * One agent for each of `nodes`, with a connection and a lease of its own: etcd looks at every key of a lease when one is
 * put under it, and a lease with the keys of all nodes would be unlike any real one. They share a watch of the identities
 * and its table.
 */
export async function openNodeAgents({
  nodes,
  endpoint,
  table,
  shape,
  log,
  scope,
  observe,
}: {
  nodes: readonly number[]
  endpoint: string
  table: IdentityTable
  shape: ClusterShape
  log: Logger
  scope: Scope
  /** Hears of every call to etcd. */
  observe: (event: KvOperationEvent) => void
}): Promise<NodeAgents> {
  const agents = new Map<number, { identities: IdentityAllocator; ips: SharedStore }>()
  const { signal } = scope
  const nodeCount = () => shape.nodes
  const open = async (node: number) => {
    const store = scope.use(
      await openEtcdKvstore({
        ...{ endpoints: [endpoint], rateLimit: agentRateLimit, nodeCount, observe, log, signal },
      }),
    )
    const common = { store, log, signal, nodeCount }
    const identities = scope.use(createIdentityAllocator({ ...common, table, nodeSuffix: nodeAddress(node) }))
    const ips = scope.use(createSharedStore({ ...common, prefix: ipPrefix(shape.clusterName), watch: false }))
    agents.set(node, { identities, ips })
  }
  await Promise.all(nodes.map(open))
  const agentOf = (pod: number) => {
    const node = nodeOfPod(shape, pod)
    const agent = agents.get(node)
    if (agent === undefined) throw new ScaleSimError(`node ${node} has no agent`)
    return agent
  }
  return {
    async publish(pod) {
      const { identities, ips } = agentOf(pod)
      const labels = parseLabels(identityLabelsOfPod(shape, pod)) ?? {}
      const identity = await identities.allocate(labels)
      ips.set(podAddress(shape, pod), ipEntry(shape, pod, identity).value)
      return identity
    },
    async withdraw(pod, identity) {
      const { identities, ips } = agentOf(pod)
      ips.remove(podAddress(shape, pod))
      await identities.release(identity)
    },
  }
}
