import { readFileSync } from 'node:fs'
import {
  type IdentityRow,
  podIdentityLabels,
  reservedIdentity,
  reservedIdentityRows,
} from '@axoneme/identity'
import { l4ProtocolNumber } from '@axoneme/net-types'
import { createInterner, networkPolicyDecoder, objectKey, type SlimNetworkPolicy } from '@axoneme/slim-types'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collectPolicyCidrs } from './compile.ts'
import { matchingEntries } from './explain.ts'
import { policyErrors, resolvePolicy } from './resolve.ts'
import { evaluate, isIn, type Peer } from './test-evaluation.ts'
import { addresses, identityLabelsOf, pod, policy, ports, prefix, type TestPod } from './test-worlds.ts'
import type { PolicyEntry, PrefixIdentityRow } from './types.ts'

/** Numbers as the agents give them. */
function identitiesOf(pods: readonly TestPod[]) {
  const rows: IdentityRow[] = [...reservedIdentityRows]
  const idOf = (of: TestPod) => {
    const text = JSON.stringify(identityLabelsOf(of))
    return rows.find((row) => JSON.stringify(row.labels) === text)?.id
  }
  for (const of of pods) {
    if (idOf(of) === undefined) rows.push({ id: 256 + rows.length, labels: identityLabelsOf(of) })
  }
  return { rows, idOf: (of: TestPod) => idOf(of)! }
}

const prefixIdentitiesOf = (policies: readonly SlimNetworkPolicy[]): PrefixIdentityRow[] =>
  collectPolicyCidrs(policies).map((prefix, i) => ({ prefix, identity: (1 << 24) + i }))

/** What the ipcache says of an address: the longest prefix that holds it. */
function identityOfAddress(address: string, prefixes: readonly PrefixIdentityRow[]): number {
  const holding = prefixes.filter(({ prefix }) => isIn(address, prefix))
  const longest = holding.sort((a, b) => Number(b.prefix.split('/')[1]) - Number(a.prefix.split('/')[1]))[0]
  return longest?.identity ?? reservedIdentity.world
}

describe('resolvePolicy', () => {
  it('equals a direct evaluation of the policies on pods and addresses', () => {
    const worlds = fc.record({
      pods: fc.array(pod, { minLength: 1, maxLength: 5 }),
      policies: fc.uniqueArray(policy, { maxLength: 4, selector: objectKey }),
    })
    fc.assert(
      fc.property(worlds, ({ pods, policies }) => {
        const identities = identitiesOf(pods)
        const prefixIdentities = prefixIdentitiesOf(policies)
        const others: { other: Peer; identity: number }[] = [
          ...pods.map((of) => ({ other: { pod: of }, identity: identities.idOf(of) })),
          ...addresses.map((address) => ({
            other: { address },
            identity: identityOfAddress(address, prefixIdentities),
          })),
          { other: { node: 'local' }, identity: reservedIdentity.host },
          { other: { node: 'remote' }, identity: reservedIdentity.remoteNode },
        ]
        for (const subject of pods.slice(0, 2)) {
          const resolved = resolvePolicy({
            labels: identityLabelsOf(subject),
            identities: identities.rows,
            policies,
            prefixIdentities,
          })
          for (const { other, identity } of others) {
            for (const direction of ['ingress', 'egress'] as const) {
              for (const protocol of ['TCP', 'UDP'] as const) {
                for (const port of ports) {
                  const want = evaluate({ policies, subject, direction, other, protocol, port })
                  const entries = matchingEntries(resolved, {
                    direction,
                    peer: identity,
                    protocol: l4ProtocolNumber(protocol),
                    port,
                  })
                  const rules = [...new Set(entries.flatMap((entry) => entry.rules))].sort()
                  const got = { allowed: entries.length > 0, by: rules }
                  if (got.allowed !== want.allowed || got.by.join() !== want.by.join()) {
                    expect({ other, direction, protocol, port, ...got }).toEqual({
                      ...{ other, direction, protocol, port },
                      ...want,
                    })
                  }
                }
              }
            }
          }
        }
      }),
      { numRuns: 150 },
    )
  })

  it('never allows more while identities of prefixes are still missing', () => {
    const block = fc.record({ cidr: prefix, except: fc.array(prefix, { maxLength: 2 }) })
    const blocks = fc.array(block, { minLength: 1, maxLength: 2 })
    fc.assert(
      fc.property(blocks, fc.nat(15), (ipBlocks, missing) => {
        const of = policyOf({
          policyTypes: ['Egress'],
          egress: [{ peers: ipBlocks.map((ipBlock) => ({ ipBlock })), ports: [] }],
        })
        const some = prefixIdentitiesOf([of]).filter((_, i) => ((missing >> i) & 1) === 0)
        const resolved = resolveBlueWeb([of], some)
        for (const address of addresses) {
          const traffic = { direction: 'egress', protocol: 'TCP', port: 80 } as const
          const peer = identityOfAddress(address, some)
          const isAllowed = matchingEntries(resolved, { ...traffic, peer, protocol: 6 }).length > 0
          const subject = { namespace: 'blue', labels: { app: 'web' } }
          if (isAllowed) {
            expect(evaluate({ policies: [of], subject, other: { address }, ...traffic }).allowed).toBe(true)
          }
        }
      }),
      { numRuns: 500 },
    )
  })
})

const base = { uid: '', resourceVersion: '', labels: {}, name: 'p', namespace: 'blue' }
const everything = { matchLabels: {}, matchExpressions: [] }
const policyOf = (more: Partial<SlimNetworkPolicy>): SlimNetworkPolicy => ({
  ...base,
  podSelector: everything,
  policyTypes: ['Ingress'],
  ingress: [],
  egress: [],
  ...more,
})
const blueWeb = identityLabelsOf({ namespace: 'blue', labels: { app: 'web' } })
const resolveBlueWeb = (policies: SlimNetworkPolicy[], prefixIdentities: PrefixIdentityRow[] = []) =>
  resolvePolicy({
    labels: blueWeb,
    identities: [...reservedIdentityRows, { id: 300, labels: blueWeb }],
    policies,
    prefixIdentities,
  })

const ingressPeers = (entries: readonly PolicyEntry[]) =>
  entries.filter((entry) => entry.direction === 'ingress').map((entry) => entry.identity)

describe('entries', () => {
  const hostAllow = {
    direction: 'ingress',
    identity: 1,
    protocol: 0,
    port: 0,
    portPrefixLength: 0,
    rules: [],
  }

  it('allow all where nothing is enforced', () => {
    expect(resolveBlueWeb([])).toEqual({
      enforceIngress: false,
      enforceEgress: false,
      entries: [
        { direction: 'egress', identity: 0, protocol: 0, port: 0, portPrefixLength: 0, rules: [] },
        { direction: 'ingress', identity: 0, protocol: 0, port: 0, portPrefixLength: 0, rules: [] },
      ],
    })
  })

  it('are nothing but the local host where a policy allows nothing', () => {
    expect(resolveBlueWeb([policyOf({ policyTypes: ['Ingress', 'Egress'] })])).toEqual({
      enforceIngress: true,
      enforceEgress: true,
      entries: [hostAllow],
    })
  })

  it('name every policy that gives them', () => {
    const rule = { peers: [{ podSelector: everything }], ports: [{ protocol: 'TCP', port: 80 }] }
    const { entries } = resolveBlueWeb([
      policyOf({ name: 'b', ingress: [rule] }),
      policyOf({ name: 'a', ingress: [rule, rule] }),
    ])
    expect(entries).toContainEqual({
      direction: 'ingress',
      identity: 300,
      protocol: 6,
      port: 80,
      portPrefixLength: 16,
      rules: ['blue/a', 'blue/b'],
    })
    expect(entries).toHaveLength(3)
  })

  it('never select reserved identities by an empty namespace selector', () => {
    const { entries } = resolveBlueWeb([
      policyOf({ ingress: [{ peers: [{ namespaceSelector: everything }], ports: [] }] }),
    ])
    expect(ingressPeers(entries)).toEqual([1, 300])
  })

  it('say world for 0.0.0.0/0, and every prefix that is not excepted', () => {
    const { entries } = resolveBlueWeb(
      [
        policyOf({
          ingress: [{ peers: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } }], ports: [] }],
        }),
      ],
      [
        { prefix: '10.0.0.0/8', identity: 16_777_216 },
        { prefix: '10.1.0.0/16', identity: 16_777_217 },
        { prefix: '192.0.2.0/24', identity: 16_777_218 },
        { prefix: '::/0', identity: 16_777_219 },
      ],
    )
    expect(ingressPeers(entries)).toEqual([1, 16_777_218, 2])
  })
})

describe('what cannot be applied', () => {
  const peers = [{ podSelector: everything }]
  const notLabel = { key: 'pod-template-hash', operator: 'NotIn' as const, values: ['x'] }
  it.each([
    { field: 'ingress[0].ports[0].port', ingress: [{ peers, ports: [{ protocol: 'TCP', port: 'http' }] }] },
    { field: 'ingress[0].ports[0].protocol', ingress: [{ peers, ports: [{ protocol: 'ICMP', port: 1 }] }] },
    {
      field: 'ingress[0].ports[0].endPort',
      ingress: [{ peers, ports: [{ protocol: '', port: 9, endPort: 8 }] }],
    },
    { field: 'ingress[0].from[0]', ingress: [{ peers: [{}], ports: [] }] },
    {
      field: 'ingress[0].from[0]',
      ingress: [{ peers: [{ podSelector: everything, ipBlock: { cidr: '::/0', except: [] } }], ports: [] }],
    },
    {
      field: 'ingress[0].from[0]',
      ingress: [{ peers: [{ podSelector: { matchLabels: {}, matchExpressions: [notLabel] } }], ports: [] }],
    },
    {
      field: 'ingress[0].from[0].ipBlock.cidr',
      ingress: [{ peers: [{ ipBlock: { cidr: '10.0.0.0/33', except: [] } }], ports: [] }],
    },
    {
      field: 'ingress[0].from[0].ipBlock.except[1]',
      ingress: [{ peers: [{ ipBlock: { cidr: '::/0', except: ['::/1', 'x'] } }], ports: [] }],
    },
  ])('is named and allows nothing: $field', ({ field, ingress }) => {
    const broken = policyOf({ ingress })
    expect(policyErrors([broken])).toEqual([
      { namespace: 'blue', name: 'p', field, message: expect.any(String) },
    ])
    const { enforceIngress, entries } = resolveBlueWeb([broken], prefixIdentitiesOf([broken]))
    expect(enforceIngress).toBe(true)
    expect(entries.filter((entry) => entry.direction === 'ingress').map((entry) => entry.identity)).toEqual([
      1,
    ])
  })

  it('leaves the rest of the rule in force', () => {
    const ports = [
      { protocol: 'TCP', port: 'http' },
      { protocol: 'TCP', port: 80 },
    ]
    const { entries } = resolveBlueWeb([policyOf({ ingress: [{ peers, ports }] })])
    expect(entries.filter((entry) => entry.identity === 300).map((entry) => entry.port)).toEqual([80])
  })
})

it('resolves real policies', () => {
  const decoder = networkPolicyDecoder(createInterner())
  const file = new URL('../../../../shared/data/wire/networkpolicies.list.json', import.meta.url)
  const policies = JSON.parse(readFileSync(file, 'utf8')).items.map((item: unknown) =>
    decoder.fromJson(item),
  ) as SlimNetworkPolicy[]
  expect(policyErrors(policies)).toEqual([])
  const labelsOf = (app: string) =>
    podIdentityLabels({
      namespace: policies[0]!.namespace,
      labels: { app },
      namespaceLabels: {},
      cluster: '',
      serviceAccount: '',
    })
  const { enforceIngress, entries } = resolvePolicy({
    labels: labelsOf('adservice'),
    identities: ['frontend', 'adservice', 'cartservice'].map((app, i) => ({
      id: 300 + i,
      labels: labelsOf(app),
    })),
    policies,
    prefixIdentities: [],
  })
  expect(enforceIngress).toBe(true)
  expect(
    entries.filter((entry) => entry.direction === 'ingress').map((entry) => [entry.identity, entry.port]),
  ).toEqual([
    [1, 0],
    [300, 9555],
  ])
})
