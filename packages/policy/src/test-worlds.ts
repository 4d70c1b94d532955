import { podIdentityLabels } from '@axoneme/identity'
import type {
  Labels,
  SlimLabelSelector,
  SlimNetworkPolicy,
  SlimNetworkPolicyPeer,
  SlimNetworkPolicyPort,
  SlimNetworkPolicyRule,
} from '@axoneme/slim-types'
import fc from 'fast-check'

/** Small worlds for the property tests: few labels, so that selectors often match. */

export type TestPod = Readonly<{ namespace: string; labels: Labels }>

export const namespaceLabels: Readonly<Record<string, Labels>> = {
  blue: { team: 'one', env: 'prod' },
  green: { team: 'two' },
}

export function identityLabelsOf(pod: TestPod): Labels {
  return podIdentityLabels({
    namespace: pod.namespace,
    labels: pod.labels,
    namespaceLabels: namespaceLabels[pod.namespace] ?? {},
    cluster: 'default',
    serviceAccount: '',
  })
}

const namespace = fc.constantFrom('blue', 'blue', 'green')

export const pod: fc.Arbitrary<TestPod> = fc.record({
  namespace,
  labels: fc.record(
    { app: fc.constantFrom('web', 'db'), tier: fc.constantFrom('1', '2') },
    { requiredKeys: [] },
  ),
})

function selector(keys: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<SlimLabelSelector> {
  const key = fc.constantFrom(...Object.keys(keys))
  const values = (of: string) => fc.uniqueArray(fc.constantFrom(...(keys[of] ?? [])), { maxLength: 2 })
  const requirement = key.chain((of) =>
    fc.oneof(
      fc.record({
        key: fc.constant(of),
        operator: fc.constantFrom('In' as const, 'NotIn' as const),
        values: values(of),
      }),
      fc.record({
        key: fc.constant(of),
        operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const),
        values: fc.constant([]),
      }),
    ),
  )
  const pair = key.chain((of) => fc.tuple(fc.constant(of), fc.constantFrom(...(keys[of] ?? []))))
  return fc.record({
    matchLabels: fc.array(pair, { maxLength: 1 }).map((pairs) => Object.fromEntries(pairs)),
    matchExpressions: fc.array(requirement, { maxLength: 1 }),
  })
}

const podSelector = selector({ app: ['web', 'db', 'none'], tier: ['1', '2'] })
const namespaceSelector = selector({ team: ['one', 'two'], env: ['prod', 'test'] })

/** Prefixes of a handful of addresses, and everything. */
export const prefix: fc.Arbitrary<string> = fc.oneof(
  fc
    .record({ last: fc.integer({ min: 0, max: 7 }), length: fc.integer({ min: 29, max: 32 }) })
    .map(({ last, length }) => `192.0.2.${last}/${length}`),
  fc
    .record({ last: fc.integer({ min: 0, max: 3 }), length: fc.integer({ min: 126, max: 128 }) })
    .map(({ last, length }) => `2001:db8::${last}/${length}`),
  fc.constantFrom('0.0.0.0/0', '::/0', '192.0.0.0/8'),
)
export const addresses: readonly string[] = [
  ...Array.from({ length: 9 }, (_, last) => `192.0.2.${last}`),
  ...Array.from({ length: 5 }, (_, last) => `2001:db8::${last}`),
  '192.9.9.9',
  '8.8.8.8',
  '2a00::1',
]

const peer: fc.Arbitrary<SlimNetworkPolicyPeer> = fc.oneof(
  fc.record({ podSelector }),
  fc.record({ namespaceSelector }),
  fc.record({ podSelector, namespaceSelector }),
  fc.record({
    ipBlock: fc.record({ cidr: prefix, except: fc.array(prefix, { maxLength: 2 }) }),
  }),
)

const portNumber = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constantFrom(80, 65_535))
const protocol = fc.constantFrom('TCP', 'UDP', 'SCTP')
const port: fc.Arbitrary<SlimNetworkPolicyPort> = fc.oneof(
  fc.record({ protocol, port: portNumber }),
  fc.record({ protocol }),
  fc
    .record({ protocol, port: portNumber, more: fc.integer({ min: 0, max: 9 }) })
    .map(({ more, ...rest }) => ({ ...rest, endPort: Math.min(65_535, rest.port + more) })),
  fc.record({ protocol, port: fc.constant('http') }),
)
export const ports: readonly number[] = [...Array.from({ length: 24 }, (_, i) => i), 79, 80, 81, 65_535]

const rule: fc.Arbitrary<SlimNetworkPolicyRule> = fc.record({
  peers: fc.array(peer, { maxLength: 2 }),
  // Often the same, so that rules overlap.
  ports: fc.oneof(fc.constant([]), fc.array(port, { maxLength: 2 })),
})

export const policy: fc.Arbitrary<SlimNetworkPolicy> = fc
  .record({
    name: fc.constantFrom('p', 'q', 'r'),
    namespace,
    podSelector: fc.oneof(
      { weight: 2, arbitrary: fc.constant({ matchLabels: {}, matchExpressions: [] }) },
      { weight: 1, arbitrary: podSelector },
    ),
    policyTypes: fc.subarray(['Ingress' as const, 'Egress' as const]),
    ingress: fc.array(rule, { maxLength: 2 }),
    egress: fc.array(rule, { maxLength: 2 }),
  })
  .map((fields) => ({ ...fields, uid: '', resourceVersion: '', labels: {} }))
