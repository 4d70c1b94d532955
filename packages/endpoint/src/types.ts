import type { IdentityId } from '@axoneme/identity'
import type { Labels } from '@axoneme/slim-types'

/** The number of an endpoint on its node, 1 to 65535: index of its tail calls and name of its maps. */
export type EndpointId = number & { readonly __brand?: 'EndpointId' }

/**
 * `waiting-for-identity` -> `ready`; `disconnecting` once DEL came or the pod is gone. Only endpoints with an
 * identity are realised in the datapath.
 */
export type EndpointState = 'waiting-for-identity' | 'ready' | 'disconnecting'

/** One pod interface on this node. Everything that the datapath needs and that a restart must restore. */
export type EndpointRow = Readonly<{
  id: EndpointId
  containerId: string
  /** Interface name inside the pod. */
  ifName: string
  /** Path of the pod's network namespace; empty when it is gone. */
  netnsPath: string
  namespace: string
  podName: string
  podUid: string
  ipv4: string
  podMac: string
  /** MAC of the host side of the veth pair. */
  hostMac: string
  /** Name of the host side of the veth pair. */
  hostIfName: string
  /** 0 until the link exists. */
  hostIfIndex: number
  /** The pod's Kubernetes labels as the identity was made from. */
  labels: Labels
  /** 0 until allocated. */
  identity: IdentityId
  state: EndpointState
}>

export function endpointKey(id: EndpointId): string {
  return String(id)
}
