import { isDeepStrictEqual } from 'node:util'
import { createPace } from '@axoneme/backoff'
import { createAddressPool, PoolConfigError } from '@axoneme/ipam'
import type { K8sClient } from '@axoneme/k8s-client'
import { type CiliumNodeContent, saysCiliumNode, writeCiliumNode } from '@axoneme/k8s-writers'
import type { Logger } from '@axoneme/log'
import { type ReconcileRun, type Reconciler, startReconciler } from '@axoneme/reconciler'
import type { SlimCiliumNode, SlimNode } from '@axoneme/slim-types'
import { createTable, follow } from '@axoneme/tables'
import type { AgentConfig } from './config.ts'
import { agentIntervals } from './intervals.ts'
import { addressOf, ipv4CidrOf } from './local-node.ts'
import type { AgentTables } from './tables.ts'

/** What must be written about this node. `known`: what the watch told of the object. */
export type CiliumNodeWrite = Readonly<{ content: CiliumNodeContent; known: SlimCiliumNode | undefined }>

type NodeOptions = Pick<AgentConfig, 'nodeName' | 'nodeIp' | 'ipamMode'>

/**
 * What the CiliumNode of this node should say: its addresses, and with them the one that it takes out of the range of
 * its pods, once it has a range. The operator hands it over to the other nodes. Undefined while the node has no address.
 */
export function ciliumNodeContent(
  node: SlimNode | undefined,
  ciliumNode: SlimCiliumNode | undefined,
  { nodeName, nodeIp, ipamMode }: NodeOptions,
): CiliumNodeContent | undefined {
  if (node === undefined) return undefined
  const internalIp = addressOf(node, { nodeIp })
  if (internalIp === '') return undefined
  const podCidr = ipamMode === 'kubernetes' ? ipv4CidrOf(node) : ciliumNode && ipv4CidrOf(ciliumNode)
  const routerIp = podCidr === undefined ? undefined : routerIpOf(podCidr)
  const external = node.addresses.filter(({ type }) => type === 'ExternalIP')
  return {
    name: nodeName,
    labels: node.labels,
    addresses: [
      { type: 'InternalIP', ip: internalIp },
      ...external.map(({ type, address }) => ({ type, ip: address })),
      ...(routerIp === undefined ? [] : [{ type: 'CiliumInternalIP', ip: routerIp }]),
    ],
    // In the other mode they are the operator's to give.
    podCidrs: ipamMode === 'kubernetes' && node.podCIDRs.length > 0 ? node.podCIDRs : undefined,
    owner: { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: node.uid },
  }
}

/**
 * [kubernetes-nodes] x [cilium-nodes] -> the CiliumNode of this node. The agent watches the object, so it knows without
 * a call whether there is anything to write: after a restart there is not.
 */
export function keepCiliumNode({
  client,
  tables,
  config,
  log,
  signal,
  observe,
}: {
  client: K8sClient
  tables: Pick<AgentTables, 'kubernetesNodes' | 'ciliumNodes' | 'nodes'>
  config: NodeOptions
  log: Logger
  signal: AbortSignal
  observe?: (run: ReconcileRun) => void
}): { running: Promise<void>; reconciler: Reconciler<CiliumNodeWrite> } {
  const { kubernetesNodes, ciliumNodes } = tables
  const nodeCount = () => tables.nodes.size
  const writes = createTable<CiliumNodeWrite>({
    name: 'cilium-node-writes',
    key: ({ content }) => content.name,
    equals: isDeepStrictEqual,
  })
  const running = follow({
    sources: { kubernetesNodes, ciliumNodes },
    apply: () => {
      const known = ciliumNodes.get(config.nodeName)
      const content = ciliumNodeContent(kubernetesNodes.get(config.nodeName), known, config)
      if (content === undefined || saysCiliumNode(known, content)) writes.delete(config.nodeName)
      else writes.upsert({ content, known })
    },
    signal,
  })
  // Bounds what it costs when somebody else keeps writing something different.
  const pace = createPace(agentIntervals.ciliumNodeWrite.period, { nodeCount })
  const reconciler = startReconciler<CiliumNodeWrite>({
    name: 'cilium node',
    table: writes,
    log,
    signal,
    observe,
    retry: agentIntervals.ciliumNodeRetry.retry,
    target: {
      async update({ content, known }, signal) {
        await pace(signal)
        const outcome = await writeCiliumNode({ client, node: content, known, signal })
        log.info('CiliumNode', { node: content.name, outcome })
      },
      // It says what it should, or the Node is gone, and the CiliumNode with it.
      delete: () => {},
    },
  })
  return { running, reconciler }
}

function routerIpOf(cidr: string): string | undefined {
  try {
    return createAddressPool({ cidr }).routerIp
  } catch (error) {
    // The step that takes the range says so.
    if (error instanceof PoolConfigError) return undefined
    throw error
  }
}
