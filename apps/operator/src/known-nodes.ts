import { createAddressPool, PoolConfigError } from '@axoneme/ipam'
import type { NodeRow } from '@axoneme/ipcache'
import { type KnownNode, type NodeSource, nodeEntryOf } from '@axoneme/kvstore-sync'
import { addressFamily } from '@axoneme/net-types'
import type { SlimCiliumNode, SlimNode, SlimNodeAddress } from '@axoneme/slim-types'
import { follow, type Table, type WritableTable } from '@axoneme/tables'
import type { OperatorConfig } from './config.ts'

export type KnownNodeOptions = Pick<OperatorConfig, 'clusterName' | 'ipamMode'>

/**
 * What the kvstore should say of a node; undefined when Kubernetes does not know it. The CiliumNode, in which the agent
 * tells of itself, counts more than the Node; labels are the Node's, which are always those of now.
 */
export function knownNode(
  name: string,
  { node, ciliumNode }: { node: SlimNode | undefined; ciliumNode: SlimCiliumNode | undefined },
  { clusterName, ipamMode }: KnownNodeOptions,
): KnownNode | undefined {
  if (node === undefined && ciliumNode === undefined) return undefined
  const labels = node?.labels ?? ciliumNode?.labels ?? {}
  const entryFrom = (source: NodeSource, from: SlimNode | SlimCiliumNode, encryptKey: number) => {
    const internalIp = addressOf(from.addresses, 'InternalIP')
    if (internalIp === '' || from.podCIDRs.length === 0) return undefined
    const routerIp = addressOf(from.addresses, 'CiliumInternalIP') || routerIpOf(from.podCIDRs)
    const row: NodeRow = {
      ...{ name, cluster: clusterName, internalIp, routerIp },
      ...{ podCidrs: from.podCIDRs, encryptKey, labels },
    }
    return nodeEntryOf(row, source).value
  }
  const byCiliumNode =
    ciliumNode === undefined ? undefined : entryFrom('custom-resource', ciliumNode, ciliumNode.encryptionKey)
  if (byCiliumNode !== undefined) return { name, entry: byCiliumNode }
  const isByKubernetes = ipamMode === 'kubernetes' && node !== undefined
  return { name, entry: isByKubernetes ? entryFrom('kubernetes', node, 0) : undefined }
}

/** [nodes] x [ciliumnodes] -> [known-nodes]. Ends when the signal aborts. */
export async function deriveKnownNodes({
  nodes,
  ciliumNodes,
  known,
  options,
  signal,
}: {
  nodes: Table<SlimNode>
  ciliumNodes: Table<SlimCiliumNode>
  known: WritableTable<KnownNode>
  options: KnownNodeOptions
  signal: AbortSignal
}): Promise<void> {
  await follow({
    sources: { nodes, ciliumNodes },
    apply: (changes) => {
      for (const { key } of [...changes.nodes, ...changes.ciliumNodes]) {
        const row = knownNode(key, { node: nodes.get(key), ciliumNode: ciliumNodes.get(key) }, options)
        if (row === undefined) known.delete(key)
        else known.upsert(row)
      }
      known.markInitialized()
    },
    signal,
  })
}

function addressOf(addresses: readonly SlimNodeAddress[], wanted: string): string {
  const found = addresses.filter(
    ({ type, address }) => type === wanted && addressFamily(address) !== undefined,
  )
  return (found.find(({ address }) => addressFamily(address) === 4) ?? found[0])?.address ?? ''
}

/** The address that agents take for themselves out of the range of their pods; empty when it has none. */
function routerIpOf(podCidrs: readonly string[]): string {
  const cidr = podCidrs.find((text) => addressFamily(text.split('/')[0] ?? '') === 4)
  if (cidr === undefined) return ''
  try {
    return createAddressPool({ cidr }).routerIp
  } catch (error) {
    if (error instanceof PoolConfigError) return ''
    throw error
  }
}
