import { parseIp } from '@axoneme/net-types'
import {
  objectKey,
  type SlimLabelSelector,
  type SlimNetworkPolicy,
  type SlimNetworkPolicyPeer,
} from '@axoneme/slim-types'
import { namespaceLabels, type TestPod } from './test-worlds.ts'
import type { PolicyDirection } from './types.ts'

/** A second, direct reading of the NetworkPolicy API, on pods and addresses: it knows no identities. */
export type Peer = { pod: TestPod } | { address: string } | { node: 'local' | 'remote' }

function selects(
  { matchLabels, matchExpressions }: SlimLabelSelector,
  labels: Record<string, string>,
): boolean {
  for (const [key, value] of Object.entries(matchLabels)) if (labels[key] !== value) return false
  for (const { key, operator, values } of matchExpressions) {
    const value = labels[key]
    if (operator === 'Exists' && value === undefined) return false
    if (operator === 'DoesNotExist' && value !== undefined) return false
    if (operator === 'In' && !(value !== undefined && values.includes(value))) return false
    if (operator === 'NotIn' && value !== undefined && values.includes(value)) return false
  }
  return true
}

function bitsOf(address: string): string {
  return Array.from(parseIp(address)!, (byte) => byte.toString(2).padStart(8, '0')).join('')
}

export function isIn(address: string, prefix: string): boolean {
  const [network = '', length] = prefix.split('/')
  const [a, b] = [bitsOf(address), bitsOf(network)]
  return a.length === b.length && a.slice(0, Number(length)) === b.slice(0, Number(length))
}

function peerMatches(peer: SlimNetworkPolicyPeer, namespace: string, other: Peer): boolean {
  if (peer.ipBlock !== undefined) {
    if (!('address' in other)) return false
    const { cidr, except } = peer.ipBlock
    return isIn(other.address, cidr) && !except.some((prefix) => isIn(other.address, prefix))
  }
  if (!('pod' in other)) return false
  const isThere =
    peer.namespaceSelector === undefined
      ? other.pod.namespace === namespace
      : selects(peer.namespaceSelector, namespaceLabels[other.pod.namespace] ?? {})
  return isThere && (peer.podSelector === undefined || selects(peer.podSelector, other.pod.labels))
}

export function evaluate({
  policies,
  subject,
  direction,
  other,
  protocol,
  port,
}: {
  policies: readonly SlimNetworkPolicy[]
  subject: TestPod
  direction: PolicyDirection
  other: Peer
  protocol: string
  port: number
}): { allowed: boolean; by: string[] } {
  const type = direction === 'ingress' ? 'Ingress' : 'Egress'
  const enforcing = policies.filter(
    (of) =>
      of.policyTypes.includes(type) &&
      of.namespace === subject.namespace &&
      selects(of.podSelector, subject.labels),
  )
  const by = enforcing.filter((of) =>
    of[direction].some(
      (rule) =>
        (rule.peers.length === 0 || rule.peers.some((peer) => peerMatches(peer, of.namespace, other))) &&
        (rule.ports.length === 0 ||
          rule.ports.some((item) => {
            if (item.protocol !== protocol || typeof item.port === 'string') return false
            if (item.port === undefined) return true
            return port >= item.port && port <= (item.endPort ?? item.port)
          })),
    ),
  )
  const isLocalHost = 'node' in other && other.node === 'local' && direction === 'ingress'
  return { allowed: enforcing.length === 0 || isLocalHost || by.length > 0, by: by.map(objectKey).sort() }
}
