import type { LocalNode } from '@axoneme/datapath'
import { type AddressPool, createAddressPool, type PoolEvent } from '@axoneme/ipam'
import { CodedError } from '@axoneme/lifecycle'
import { addressFamily } from '@axoneme/net-types'
import type { SlimCiliumNode, SlimNode } from '@axoneme/slim-types'
import type { Table } from '@axoneme/tables'
import type { AgentConfig } from './config.ts'
import type { AgentTables } from './tables.ts'

type NodeTables = Pick<AgentTables, 'kubernetesNodes' | 'ciliumNodes'>

/**
 * Finds out who this node is: waits for its Node object and for the pod CIDR. `waitFor` says for people what is
 * missing.
 */
export async function findLocalNode({
  tables,
  config,
  waitFor,
  observeAddress,
  signal,
}: {
  tables: NodeTables
  config: AgentConfig
  waitFor: (what: string) => void
  observeAddress?: (event: PoolEvent) => void
  signal: AbortSignal
}): Promise<{ node: LocalNode; pool: AddressPool }> {
  const { nodeName } = config
  waitFor(`Node ${nodeName} with an InternalIP`)
  const internalIp = await firstOf({
    table: tables.kubernetesNodes,
    key: nodeName,
    pick: (node) => addressOf(node, config) || undefined,
    signal,
  })
  if (addressFamily(internalIp) !== 4) {
    throw new CodedError('NODE_IP', `take ${internalIp} as the address of node ${nodeName}`, {
      hint: 'node-ip must be an IPv4 address: IPv6 is not supported yet',
    })
  }
  waitFor(
    config.ipamMode === 'cluster-pool'
      ? 'the operator to assign a pod CIDR (CiliumNode spec.ipam.podCIDRs)'
      : 'Kubernetes to assign a pod CIDR (Node spec.podCIDRs)',
  )
  const table: Table<SlimNode | SlimCiliumNode> =
    config.ipamMode === 'cluster-pool' ? tables.ciliumNodes : tables.kubernetesNodes
  const podCidr = await firstOf({ table, key: nodeName, pick: ipv4CidrOf, signal })
  const observe = observeAddress === undefined ? {} : { observe: observeAddress }
  const pool = createAddressPool({ cidr: podCidr, ...observe })
  return { node: { name: nodeName, internalIp, podCidr, routerIp: pool.routerIp }, pool }
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

/** The address by which other nodes reach this one; empty while it has none. */
export function addressOf(node: SlimNode, { nodeIp }: Pick<AgentConfig, 'nodeIp'>): string {
  if (nodeIp !== '') return nodeIp
  const internal = node.addresses.find(
    ({ type, address }) => type === 'InternalIP' && addressFamily(address) === 4,
  )
  return internal?.address ?? ''
}

/** The range of this node's pods; undefined while it has none. */
export function ipv4CidrOf({ podCIDRs }: { podCIDRs: readonly string[] }): string | undefined {
  return podCIDRs.find((cidr) => addressFamily(cidr.split('/')[0] ?? '') === 4)
}
