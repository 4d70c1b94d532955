import type { IdentityId } from '@axoneme/identity'

/** The number of an endpoint on its node, 1 to 65535: index of its tail calls and name of its maps. */
export type EndpointId = number & { readonly __brand?: 'EndpointId' }

export const maxEndpointId = 65535

/** `ready` once it has an identity: only then it is realised in the datapath. */
export type EndpointState = 'waiting-for-identity' | 'ready'

/** One pod interface on this node. Everything that the datapath needs and that a restart must restore. */
export type EndpointRow = Readonly<{
  id: EndpointId
  containerId: string
  /** Interface name inside the pod. */
  ifName: string
  /** Path of the pod's network namespace. */
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
  /** The security labels that the identity stands for (`k8s:app` ...); empty until known. */
  labels: Readonly<Record<string, string>>
  /** 0 until allocated. */
  identity: IdentityId
  state: EndpointState
}>

export function endpointKey(id: EndpointId): string {
  return String(id)
}

/** One attachment, in the words of the CNI specification. */
export type Attachment = Readonly<{ containerId: string; ifName: string }>

export function attachmentKey({ containerId, ifName }: Attachment): string {
  return `${containerId}/${ifName}`
}
