import type { OracleCluster, OraclePod, OraclePolicy, Peer, PolicyPort } from './model.ts'
import { selectorMatches } from './selector.ts'

export type Connection = Readonly<{ client: OraclePod; server: OraclePod; protocol: string; port: number }>

export type Verdict = Readonly<{
  allowed: boolean
  /** For people: the policy that allows, or those that isolate and do not allow; one part for each direction. */
  why: string
}>

/**
 * What the NetworkPolicies say about a connection between two pods, by evaluating them as they are written (the API
 * documentation of networking.k8s.io/v1). One reading is Cilium's: an ipBlock never selects a pod, whatever its
 * address. A pod always reaches itself: such packets do not leave it.
 */
export function evaluate(cluster: OracleCluster, connection: Connection): Verdict {
  const { client, server } = connection
  if (client.namespace === server.namespace && client.name === server.name) {
    return { allowed: true, why: 'a pod reaches itself' }
  }
  const egress = direction(cluster, connection, 'Egress')
  const ingress = direction(cluster, connection, 'Ingress')
  return { allowed: egress.allowed && ingress.allowed, why: `${egress.why}; ${ingress.why}` }
}

function direction(cluster: OracleCluster, connection: Connection, type: 'Ingress' | 'Egress'): Verdict {
  const { client, server } = connection
  const subject = type === 'Egress' ? client : server
  const isolating = cluster.policies.filter((policy) => applies(policy, subject, type))
  if (isolating.length === 0) return { allowed: true, why: `${type}: no policy` }
  const allowing = isolating.find((policy) => allows(cluster, policy, { connection, type }))
  if (allowing !== undefined) return { allowed: true, why: `${type}: allowed by ${nameOf(allowing)}` }
  return { allowed: false, why: `${type}: not allowed by ${isolating.map(nameOf).join(', ')}` }
}

function applies({ namespace, spec }: OraclePolicy, subject: OraclePod, type: 'Ingress' | 'Egress'): boolean {
  // Without policyTypes: always Ingress, and Egress when there are egress rules.
  const types = spec.policyTypes?.length
    ? spec.policyTypes
    : ['Ingress', ...(spec.egress?.length ? ['Egress'] : [])]
  return (
    types.includes(type) &&
    namespace === subject.namespace &&
    selectorMatches(spec.podSelector ?? {}, subject.labels)
  )
}

function allows(
  cluster: OracleCluster,
  policy: OraclePolicy,
  { connection, type }: { connection: Connection; type: 'Ingress' | 'Egress' },
): boolean {
  const rules =
    type === 'Egress'
      ? (policy.spec.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }))
      : (policy.spec.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
  const other = type === 'Egress' ? connection.server : connection.client
  return rules.some(
    ({ peers, ports }) =>
      // No peers: every peer. No ports: every port.
      (!peers?.length || peers.some((peer) => selects(cluster, policy, { peer, pod: other }))) &&
      (!ports?.length || ports.some((port) => covers(port, connection))),
  )
}

function selects(
  cluster: OracleCluster,
  policy: OraclePolicy,
  { peer, pod }: { peer: Peer; pod: OraclePod },
): boolean {
  const { podSelector, namespaceSelector } = peer
  if (podSelector == null && namespaceSelector == null) return false
  const inNamespace =
    namespaceSelector == null
      ? pod.namespace === policy.namespace
      : selectorMatches(namespaceSelector, cluster.namespaces[pod.namespace] ?? {})
  return inNamespace && selectorMatches(podSelector ?? {}, pod.labels)
}

function covers({ protocol = 'TCP', port, endPort }: PolicyPort, connection: Connection): boolean {
  if (protocol !== connection.protocol) return false
  if (port == null) return true
  if (typeof port === 'number') return port <= connection.port && connection.port <= (endPort ?? port)
  // A name is looked up in the pod that is connected to.
  return connection.server.namedPorts.some(
    (at) => at.name === port && at.protocol === protocol && at.port === connection.port,
  )
}

function nameOf({ namespace, name }: OraclePolicy): string {
  return `${namespace}/${name}`
}
