import type { LocalNode } from '@axoneme/datapath'
import { type AddressPool, createAddressPool } from '@axoneme/ipam'
import type { K8sClient } from '@axoneme/k8s-client'
import { ensureCiliumNode } from '@axoneme/k8s-writers'
import { CodedError } from '@axoneme/lifecycle'
import { addressFamily } from '@axoneme/net-types'
import type { SlimNode } from '@axoneme/slim-types'
import type { Table } from '@axoneme/tables'
import type { AgentConfig } from './config.ts'
import type { AgentTables } from './tables.ts'

/**
 * Finds out who this node is: waits for its Node object, tells the operator of it by a CiliumNode, and waits for the
 * pod CIDR. `waitFor` says for people what is missing.
 */
export async function findLocalNode({
  client,
  tables,
  config,
  waitFor,
  signal,
}: {
  client: K8sClient
  tables: AgentTables
  config: AgentConfig
  waitFor: (what: string) => void
  signal: AbortSignal
}): Promise<{ node: LocalNode; labels: Readonly<Record<string, string>>; pool: AddressPool }> {
  const { nodeName } = config
  waitFor(`Node ${nodeName} with an InternalIP`)
  const row = await firstOf({
    table: tables.kubernetesNodes,
    key: nodeName,
    pick: (node) => (addressOf(node, config) === '' ? undefined : node),
    signal,
  })
  const internalIp = addressOf(row, config)
  if (addressFamily(internalIp) !== 4) {
    throw new CodedError('NODE_IP', `take ${internalIp} as the address of node ${nodeName}`, {
      hint: 'node-ip must be an IPv4 address: IPv6 is not supported yet',
    })
  }
  if (config.ipamMode === 'cluster-pool') {
    waitFor('the apiserver to take CiliumNode')
    const node = {
      name: nodeName,
      labels: row.labels,
      addresses: [{ type: 'InternalIP', ip: internalIp }],
      owner: { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: row.uid },
    }
    await ensureCiliumNode({ client, node, signal })
  }
  const [table, source]: [Table<{ podCIDRs: readonly string[] }>, string] =
    config.ipamMode === 'cluster-pool'
      ? [tables.ciliumNodes, 'the operator to assign a pod CIDR (CiliumNode spec.ipam.podCIDRs)']
      : [tables.kubernetesNodes, 'Kubernetes to assign a pod CIDR (Node spec.podCIDRs)']
  waitFor(source)
  const podCidr = await firstOf({ table, key: nodeName, pick: ipv4CidrOf, signal })
  const pool = createAddressPool({ cidr: podCidr })
  return { node: { name: nodeName, internalIp, podCidr, routerIp: pool.routerIp }, labels: row.labels, pool }
}

/** The first result that `pick` has for the row under `key`, as soon as there is one. */
async function firstOf<Row, Result>({
  table,
  key,
  pick,
  signal,
}: {
  table: Table<Row>
  key: string
  pick: (row: Row) => Result | undefined
  signal: AbortSignal
}): Promise<Result> {
  using changes = table.changes()
  for (;;) {
    const row = table.get(key)
    const result = row === undefined ? undefined : pick(row)
    if (result !== undefined) return result
    changes.take()
    await changes.wait(signal)
  }
}

/** Empty while it has none. */
function addressOf(node: SlimNode, config: AgentConfig): string {
  if (config.nodeIp !== '') return config.nodeIp
  const internal = node.addresses.find(
    ({ type, address }) => type === 'InternalIP' && addressFamily(address) === 4,
  )
  return internal?.address ?? ''
}

function ipv4CidrOf({ podCIDRs }: { podCIDRs: readonly string[] }): string | undefined {
  return podCIDRs.find((cidr) => addressFamily(cidr.split('/')[0] ?? '') === 4)
}
