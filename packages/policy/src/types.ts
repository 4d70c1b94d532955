import type { EndpointId } from '@axoneme/endpoint'
import type { IdentityId } from '@axoneme/identity'

export type PolicyDirection = 'ingress' | 'egress'

/**
 * One allow in a policy map: traffic of `direction` with the peer `identity` (0: any peer) on `protocol` (0: any)
 * and the ports whose first `portPrefixLength` bits are those of `port` (0 bits: any port). A protocol of 0 goes
 * with any port.
 */
export type PolicyEntry = Readonly<{
  direction: PolicyDirection
  identity: IdentityId
  protocol: number
  port: number
  /** 0 to 16. */
  portPrefixLength: number
  /** Keys (`namespace/name`) of the policies that allow it, sorted: what a verdict is explained with. */
  rules: readonly string[]
}>

/** The whole policy of one endpoint. Without enforcement in a direction the datapath allows everything there. */
export type EndpointPolicyRow = Readonly<{
  endpointId: EndpointId
  identity: IdentityId
  enforceIngress: boolean
  enforceEgress: boolean
  /** Sorted by policyEntryKey; shared by all endpoints of one identity. */
  entries: readonly PolicyEntry[]
}>

/** The identity that this node gave to a prefix which a policy names. */
export type PrefixIdentityRow = Readonly<{
  /** Canonical: `10.0.0.0/8`. */
  prefix: string
  identity: IdentityId
}>

/** A part of a policy that is not applied. What it would have allowed is not allowed. */
export type PolicyErrorRow = Readonly<{
  namespace: string
  name: string
  /** Path of the field, as in the object: `ingress[0].ports[1].port`. */
  field: string
  message: string
}>

export function policyEntryKey(entry: Omit<PolicyEntry, 'rules'>): string {
  return `${entry.direction}/${entry.identity}/${entry.protocol}/${entry.port}/${entry.portPrefixLength}`
}

export function policyErrorKey(row: PolicyErrorRow): string {
  return `${row.namespace}/${row.name}#${row.field}`
}
