import type { EndpointRow } from '@axoneme/endpoint'
import { hostCidr } from '@axoneme/net-types'
import type { PrefixIdentityRow } from '@axoneme/policy'
import {
  type Change,
  type Changes,
  type FollowRun,
  follow,
  type Table,
  type WritableTable,
} from '@axoneme/tables'
import { ClaimSet } from './claim-set.ts'
import {
  type Claim,
  claimsOfEndpoint,
  claimsOfLocalNode,
  claimsOfNode,
  claimsOfPod,
  claimsOfPrefix,
  type LocalNode,
  type RoutingMode,
} from './claims.ts'
import type { IpcacheRow, IpIdentityRow, NodeRow } from './types.ts'

export type IpcacheControllerOptions = Readonly<{
  ips: Table<IpIdentityRow>
  nodes: Table<NodeRow>
  /** The endpoints of this node. */
  endpoints: Table<EndpointRow>
  prefixIdentities: Table<PrefixIdentityRow>
  localNode: LocalNode
  routingMode: RoutingMode
  output: WritableTable<IpcacheRow>
  observe?: ((run: FollowRun) => void) | undefined
}>

export type IpcacheController = {
  /** Follows the inputs until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

type Inputs = {
  ips: IpIdentityRow
  nodes: NodeRow
  endpoints: EndpointRow
  prefixIdentities: PrefixIdentityRow
}

/**
 * [ips] x [nodes] x [endpoints] x [prefix-identities] -> [ipcache]. A change touches the rows of its own addresses.
 * Rows are removed only once all inputs are complete; `output` is initialised then.
 */
export function createIpcacheController(options: IpcacheControllerOptions): IpcacheController {
  const { ips, nodes, endpoints, prefixIdentities, localNode, output, observe } = options
  const claims = new ClaimSet((prefix) => {
    const pod = ips.get(prefix.slice(0, prefix.lastIndexOf('/')))
    return pod === undefined ? undefined : claimsOfPod(pod, options).find(({ row }) => row.cidr === prefix)
  })
  const apply = (changes: Changes<Inputs>) => {
    const touched = new Set<string>()
    const update = <Row>(
      kind: string,
      rows: readonly Change<Row>[],
      claimsOf: (row: Row) => readonly Claim[],
    ) => {
      for (const change of rows) {
        const stated = change.kind === 'delete' ? [] : claimsOf(change.row)
        for (const prefix of claims.replace(`${kind}/${change.key}`, stated)) touched.add(prefix)
      }
    }
    update('endpoint', changes.endpoints, claimsOfEndpoint)
    for (const { key } of changes.ips) touched.add(hostCidr(key))
    update('node', changes.nodes, (row) => claimsOfNode(row, options))
    update('prefix', changes.prefixIdentities, claimsOfPrefix)
    for (const prefix of touched) {
      const row = claims.rowOf(prefix)
      if (row === undefined) output.delete(prefix)
      else output.upsert(row)
    }
    output.markInitialized()
  }
  return {
    async run(signal) {
      for (const prefix of claims.replace('local-node', claimsOfLocalNode(localNode))) {
        const row = claims.rowOf(prefix)
        if (row !== undefined) output.upsert(row)
      }
      await follow<Inputs>({ sources: { ips, nodes, endpoints, prefixIdentities }, apply, signal, observe })
    },
  }
}
