import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import type { OracleCluster, OraclePod, OraclePolicy, Peer, PolicySpec } from './model.ts'
import { selectorMatches } from './selector.ts'

const pod = (namespace: string, name: string, labels: Record<string, string> = { app: name }): OraclePod => ({
  namespace,
  name,
  labels,
  namedPorts: [{ name: 'http', protocol: 'TCP', port: 80 }],
})
const policy = (spec: PolicySpec, namespace = 'a'): OraclePolicy => ({ namespace, name: 'p', spec })
const cluster = (...policies: OraclePolicy[]): OracleCluster => ({
  policies,
  namespaces: { a: { team: 'red' }, b: { team: 'blue' } },
})
const [web, db, other] = [pod('a', 'web'), pod('a', 'db'), pod('b', 'other')]
const toDb = { podSelector: { matchLabels: { app: 'db' } } }
const allowed = (c: OracleCluster, client = web, server = db, port = 80) =>
  evaluate(c, { client, server, protocol: 'TCP', port }).allowed

describe('evaluate', () => {
  const from = (...peers: Peer[]) => policy({ ...toDb, ingress: [{ from: peers }] })
  it.each([
    { name: 'no policy', c: cluster(), want: true },
    { name: 'isolated', c: cluster(policy(toDb)), want: false },
    { name: 'isolated in another namespace only', c: cluster(policy(toDb, 'b')), want: true },
    { name: 'an empty rule', c: cluster(policy({ ...toDb, ingress: [{}] })), want: true },
    { name: 'peer by label', c: cluster(from({ podSelector: { matchLabels: { app: 'web' } } })), want: true },
    {
      name: 'peer by another label',
      c: cluster(from({ podSelector: { matchLabels: { app: 'x' } } })),
      want: false,
    },
    { name: 'an empty pod selector, same namespace', c: cluster(from({ podSelector: {} })), want: true },
    {
      name: 'an empty pod selector, other namespace',
      c: cluster(from({ podSelector: {} })),
      client: other,
      want: false,
    },
    { name: 'every namespace', c: cluster(from({ namespaceSelector: {} })), client: other, want: true },
    {
      name: 'namespace and pod, both needed',
      c: cluster(
        from({
          namespaceSelector: { matchLabels: { team: 'blue' } },
          podSelector: { matchLabels: { app: 'web' } },
        }),
      ),
      client: other,
      want: false,
    },
    { name: 'an ipBlock of everything', c: cluster(from({ ipBlock: { cidr: '0.0.0.0/0' } })), want: false },
    { name: 'itself', c: cluster(policy({ podSelector: {} })), client: db, want: true },
    { name: 'the port', c: cluster(policy({ ...toDb, ingress: [{ ports: [{ port: 80 }] }] })), want: true },
    {
      name: 'another port',
      c: cluster(policy({ ...toDb, ingress: [{ ports: [{ port: 81 }] }] })),
      want: false,
    },
    {
      name: 'a range',
      c: cluster(policy({ ...toDb, ingress: [{ ports: [{ port: 1, endPort: 80 }] }] })),
      want: true,
    },
    {
      name: 'a named port',
      c: cluster(policy({ ...toDb, ingress: [{ ports: [{ port: 'http' }] }] })),
      want: true,
    },
    {
      name: 'UDP only',
      c: cluster(policy({ ...toDb, ingress: [{ ports: [{ protocol: 'UDP', port: 80 }] }] })),
      want: false,
    },
    { name: 'egress denied', c: cluster(policy({ podSelector: {}, policyTypes: ['Egress'] })), want: false },
    {
      name: 'egress rules imply the type',
      c: cluster(policy({ podSelector: {}, ingress: [{}], egress: [{ to: [], ports: [{ port: 9 }] }] })),
      want: false,
    },
    {
      name: 'an empty egress list does not',
      c: cluster(policy({ podSelector: {}, ingress: [{}], egress: [] })),
      want: true,
    },
  ])('$name', ({ c, client, want }) => expect(allowed(c, client ?? web)).toBe(want))

  it('says which policies isolate', () => {
    const verdict = evaluate(cluster(policy(toDb)), { client: web, server: db, protocol: 'TCP', port: 80 })
    expect(verdict.why).toBe('Egress: no policy; Ingress: not allowed by a/p')
  })
})

const label = fc.constantFrom('x', 'y', 'z')
const labels = fc.dictionary(fc.constantFrom('app', 'tier'), label, { maxKeys: 2 })
const selector = fc.oneof(
  fc.record({ matchLabels: labels }),
  fc.record({
    matchExpressions: fc.array(
      fc.record({
        key: fc.constantFrom('app', 'tier'),
        operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'),
        values: fc.array(label, { minLength: 1, maxLength: 2 }),
      }),
      { maxLength: 2 },
    ),
  }),
)
const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ podSelector: selector, namespaceSelector: selector }),
  fc.constant({ ipBlock: { cidr: '0.0.0.0/0' } }),
)
const port = fc.oneof(fc.constant({}), fc.record({ port: fc.integer({ min: 79, max: 81 }) }))
const spec: fc.Arbitrary<PolicySpec> = fc.record(
  {
    podSelector: selector,
    policyTypes: fc.subarray(['Ingress', 'Egress']),
    ingress: fc.array(
      fc.record({ from: fc.array(peer, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) }),
      { maxLength: 2 },
    ),
    egress: fc.array(
      fc.record({ to: fc.array(peer, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) }),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: ['podSelector'] },
)
const scene = fc.record({
  namespaces: fc.record({ a: labels, b: labels }),
  policies: fc.array(fc.tuple(spec, fc.constantFrom('a', 'b')), { maxLength: 4 }),
  client: fc.tuple(fc.constantFrom('a', 'b'), labels),
  server: fc.tuple(fc.constantFrom('a', 'b'), labels),
})
const sceneOf = ({
  namespaces,
  policies,
  client,
  server,
}: typeof scene extends fc.Arbitrary<infer T> ? T : never) => ({
  cluster: { namespaces, policies: policies.map(([s, ns], i) => ({ ...policy(s, ns), name: `p${i}` })) },
  connection: {
    client: pod(client[0], 'c', client[1]),
    server: pod(server[0], 's', server[1]),
    protocol: 'TCP',
    port: 80,
  },
})

describe('evaluate, for all policies', () => {
  const holds = (property: (s: ReturnType<typeof sceneOf>) => void) =>
    fc.assert(
      fc.property(scene, (drawn) => property(sceneOf(drawn))),
      { numRuns: 500 },
    )

  it('does not depend on the order of policies', () =>
    holds(({ cluster: c, connection }) => {
      const reversed = { ...c, policies: c.policies.toReversed() }
      expect(evaluate(reversed, connection).allowed).toBe(evaluate(c, connection).allowed)
    }))

  it('allows what a policy for both ends that allows all is added to', () =>
    holds(({ cluster: c, connection }) => {
      const all = { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] }
      const added = [policy(all, 'a'), policy(all, 'b')]
      expect(evaluate({ ...c, policies: [...c.policies, ...added] }, connection).allowed).toBe(true)
    }))

  it('never turns a denied connection into an allowed one by removing rules from a policy', () =>
    holds(({ cluster: c, connection }) => {
      const emptied = c.policies.map((p) => ({
        ...p,
        spec: { ...p.spec, policyTypes: typesOf(p.spec), ingress: [], egress: [] },
      }))
      if (!evaluate(c, connection).allowed) {
        expect(evaluate({ ...c, policies: emptied }, connection).allowed).toBe(false)
      }
    }))

  it('denies when a policy with no rules selects the server and nothing else does', () =>
    holds(({ cluster: c, connection }) => {
      const deny = policy({ podSelector: {}, policyTypes: ['Ingress'] }, connection.server.namespace)
      expect(evaluate({ ...c, policies: [deny] }, connection).allowed).toBe(false)
    }))

  it('negated operators are the complement of their positive ones', () =>
    fc.assert(
      fc.property(
        labels,
        fc.constantFrom('app', 'tier'),
        fc.array(label, { minLength: 1 }),
        (at, key, values) => {
          const matches = (operator: string) =>
            selectorMatches({ matchExpressions: [{ key, operator, values }] }, at)
          expect(matches('NotIn')).toBe(!matches('In'))
          expect(matches('DoesNotExist')).toBe(!matches('Exists'))
        },
      ),
    ))
})

function typesOf(s: PolicySpec): readonly string[] {
  return s.policyTypes?.length ? s.policyTypes : ['Ingress', ...(s.egress?.length ? ['Egress'] : [])]
}
