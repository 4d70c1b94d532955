import type { IdentityId } from '@axoneme/identity'

/** A pod address somewhere in the cluster, as the kvstore's `ip/v1` entries tell. */
export type IpIdentityRow = Readonly<{
  /** Textual address without a prefix length. */
  ip: string
  hostIp: string
  identity: IdentityId
  encryptKey: number
  namespace: string
  podName: string
}>

/** A node, as the kvstore's `nodes/v1` entries tell. */
export type NodeRow = Readonly<{
  name: string
  cluster: string
  internalIp: string
  /** The node's own address out of its pod CIDR (Cilium's CiliumInternalIP); empty when it has none. */
  routerIp: string
  podCidrs: readonly string[]
  encryptKey: number
  labels: Readonly<Record<string, string>>
}>

/** What the datapath knows of a prefix. */
export type IpcacheRow = Readonly<{
  /** Canonical prefix: `10.0.1.7/32`. */
  cidr: string
  identity: IdentityId
  /** Address of the node to tunnel to; empty: no tunnel (local, native routing, or outside the cluster). */
  tunnelEndpoint: string
  encryptKey: number
}>
