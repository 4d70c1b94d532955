import type { EndpointRow } from '@axoneme/endpoint'
import type { EndpointPolicyRow } from '@axoneme/policy'

/** What one endpoint's programs and maps must become. Both halves speak of the same identity. */
export type EndpointDatapathRow = Readonly<{ endpoint: EndpointRow; policy: EndpointPolicyRow }>

/**
 * `native`: the node's routes carry packets to other nodes. `tunnel`: they travel in VXLAN, and the sender's
 * identity in the tunnel key. (Cilium's option routing-mode.)
 */
export type RoutingMode = 'native' | 'tunnel'

/** This node, as its own datapath must know it. */
export type LocalNode = Readonly<{
  name: string
  internalIp: string
  podCidr: string
  /** The node's address inside its pod CIDR: the pods' gateway. */
  routerIp: string
}>
