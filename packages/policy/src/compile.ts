import { isIdentityLabel, type LabelFilter } from '@axoneme/identity'
import { objectKey, type SlimNetworkPolicy, type SlimNetworkPolicyPeer } from '@axoneme/slim-types'
import { compileSelector, type IdentitySelector, labelsOutsideIdentities } from './identity-selector.ts'
import { compileIpBlock, type IpBlock } from './ip-block.ts'
import { anyPort, compilePort, type PortMatch } from './ports.ts'
import type { PolicyDirection, PolicyErrorRow } from './types.ts'

/** `key` is equal for peers that select the same. */
export type PeerSelector =
  | Readonly<{ kind: 'any'; key: string }>
  | (Readonly<{ kind: 'labels' }> & IdentitySelector)
  | (Readonly<{ kind: 'block' }> & IpBlock)

/** Any of the peers on any of the ports. Nothing is allowed when one of the two is empty. */
type CompiledRule = Readonly<{
  direction: PolicyDirection
  peers: readonly PeerSelector[]
  ports: readonly PortMatch[]
}>

/** A NetworkPolicy with its selectors rewritten to identity labels and its ports to map keys. */
export type CompiledPolicy = Readonly<{
  /** `namespace/name`. */
  key: string
  subject: IdentitySelector
  enforces: Readonly<Record<PolicyDirection, boolean>>
  rules: readonly CompiledRule[]
  /** Parts that were left out. */
  errors: readonly PolicyErrorRow[]
}>

const anyPeer: PeerSelector = { kind: 'any', key: '*' }

/** `isRelevant` is what identities are made of: a selector that asks for another label is an error. */
export function compilePolicy(
  policy: SlimNetworkPolicy,
  isRelevant: LabelFilter = isIdentityLabel,
): CompiledPolicy {
  const { namespace, name } = policy
  const errors: PolicyErrorRow[] = []
  const fail = (field: string, message: string) => errors.push({ namespace, name, field, message })
  const rulesOf = (direction: PolicyDirection): CompiledRule[] =>
    policy[direction].map((rule, i) => {
      const path = `${direction}[${i}]`
      const peersField = `${path}.${direction === 'ingress' ? 'from' : 'to'}`
      return {
        direction,
        peers:
          rule.peers.length === 0
            ? [anyPeer]
            : rule.peers.flatMap((peer, j) =>
                compilePeer(peer, { namespace, field: `${peersField}[${j}]`, fail, isRelevant }),
              ),
        ports:
          rule.ports.length === 0
            ? [anyPort]
            : rule.ports.flatMap((item, j) => {
                const ports = compilePort(item)
                if (Array.isArray(ports)) return ports
                fail(`${path}.ports[${j}].${ports.field}`, ports.message)
                return []
              }),
      }
    })
  const enforces = {
    ingress: policy.policyTypes.includes('Ingress'),
    egress: policy.policyTypes.includes('Egress'),
  }
  const subject = compileSelector({ namespace, podSelector: policy.podSelector })
  const ignored = labelsOutsideIdentities(subject, isRelevant)
  if (ignored.length > 0) fail('podSelector', ignoredLabels(ignored))
  return {
    key: objectKey(policy),
    subject,
    enforces,
    // Rules of a direction that policyTypes leaves out have no effect.
    rules: [...(enforces.ingress ? rulesOf('ingress') : []), ...(enforces.egress ? rulesOf('egress') : [])],
    errors,
  }
}

function compilePeer(
  peer: SlimNetworkPolicyPeer,
  {
    namespace,
    field,
    fail,
    isRelevant,
  }: {
    namespace: string
    field: string
    fail: (field: string, message: string) => void
    isRelevant: LabelFilter
  },
): PeerSelector[] {
  const { podSelector, namespaceSelector, ipBlock } = peer
  const hasSelector = podSelector !== undefined || namespaceSelector !== undefined
  if (ipBlock === undefined) {
    if (hasSelector) {
      const selector = compileSelector({ namespace, podSelector, namespaceSelector })
      const ignored = labelsOutsideIdentities(selector, isRelevant)
      if (ignored.length === 0) return [{ ...selector, kind: 'labels', key: `labels ${selector.key}` }]
      fail(field, ignoredLabels(ignored))
      return []
    }
    fail(field, 'a peer needs a podSelector, a namespaceSelector or an ipBlock')
    return []
  }
  if (hasSelector) {
    fail(field, 'an ipBlock stands alone, without podSelector and namespaceSelector')
    return []
  }
  const block = compileIpBlock(ipBlock)
  if ('message' in block) {
    fail(`${field}.ipBlock.${block.field}`, block.message)
    return []
  }
  return [{ ...block, kind: 'block', key: `block ${block.key}` }]
}

function ignoredLabels(keys: readonly string[]): string {
  return `identities do not carry the label ${keys.join(', ')}, so pods cannot be told apart by it`
}

/**
 * Every prefix that needs an identity of its own, canonical and sorted: the cidrs and excepts of all ipBlocks.
 * `0.0.0.0/0` itself needs none (it is `world`); `::/0` stands in for it, see `ipv6World`.
 */
export function collectPolicyCidrs(policies: Iterable<SlimNetworkPolicy>): string[] {
  const prefixes = new Set<string>()
  for (const policy of policies) for (const prefix of policyCidrs(policy)) prefixes.add(prefix)
  return [...prefixes].sort()
}

/** The same for one policy. */
export function policyCidrs(policy: SlimNetworkPolicy): string[] {
  const prefixes = new Set<string>()
  for (const rule of compilePolicy(policy).rules) {
    for (const peer of rule.peers) {
      if (peer.kind === 'block') for (const prefix of peer.prefixes) prefixes.add(prefix)
    }
  }
  return [...prefixes].sort()
}
