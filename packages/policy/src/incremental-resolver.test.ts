import { createLabelFilter } from '@axoneme/identity'
import type { Labels, SlimNetworkPolicy } from '@axoneme/slim-types'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collectPolicyCidrs } from './compile.ts'
import { IncrementalResolver } from './incremental-resolver.ts'
import { resolvePolicy } from './resolve.ts'
import { identityLabelsOf, pod, policy, prefix } from './test-worlds.ts'
import type { EndpointPolicyRow } from './types.ts'

/** What the resolver must hold, computed from scratch each time. */
class Model {
  readonly policies = new Map<string, SlimNetworkPolicy>()
  readonly identities = new Map<number, Labels>()
  readonly prefixes = new Map<string, number>()
  readonly endpoints = new Map<number, number>()
  readonly rows = new Map<number, EndpointPolicyRow>()
  /** Labels of identities in use, which outlive the identity. */
  readonly #kept = new Map<number, Labels>()

  /** After each change. */
  remember(): void {
    const used = new Set(this.endpoints.values())
    for (const identity of this.#kept.keys()) if (!used.has(identity)) this.#kept.delete(identity)
    for (const identity of used) {
      const labels = this.identities.get(identity)
      if (labels !== undefined) this.#kept.set(identity, labels)
    }
  }

  /** Where the resolver flushes. */
  resolve(): void {
    for (const [endpointId, identity] of this.endpoints) {
      const labels = this.#kept.get(identity)
      if (labels === undefined || identity === 0) continue
      const resolved = resolvePolicy({
        labels,
        identities: Array.from(this.identities, ([id, of]) => ({ id, labels: of })),
        policies: this.policies.values(),
        prefixIdentities: Array.from(this.prefixes, ([of, id]) => ({ prefix: of, identity: id })),
      })
      this.rows.set(endpointId, { endpointId, identity, ...resolved })
    }
  }
}

const identity = fc.integer({ min: 300, max: 303 })
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('policy' as const), policy }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('no policy' as const), of: fc.constantFrom('p', 'q', 'r') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('identity' as const),
      identity,
      pod: fc.option(pod, { freq: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('prefix' as const), prefix, gone: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('all prefixes' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('endpoint' as const),
      id: fc.integer({ min: 1, max: 3 }),
      identity: fc.option(fc.oneof(identity, identity, identity, fc.constant(0)), { freq: 4 }),
    }),
  },
)

const pods = fc.array(pod, { maxLength: 3 })

describe('IncrementalResolver', () => {
  it('equals resolving from scratch after any changes', () => {
    fc.assert(
      fc.property(
        pods,
        fc.array(fc.tuple(change, fc.boolean()), { maxLength: 30, size: 'max' }),
        (first, steps) => {
          const model = new Model()
          const resolver = new IncrementalResolver()
          const rows = new Map<number, EndpointPolicyRow>()
          const numbers = new Map<string, number>()
          const setPrefix = (of: string, gone: boolean) => {
            const id = numbers.get(of) ?? (1 << 24) + numbers.size
            numbers.set(of, id)
            if (gone) model.prefixes.delete(of)
            else model.prefixes.set(of, id)
            resolver.setPrefix(of, gone ? undefined : id)
          }
          // Begins with pods that run, so that most changes matter.
          for (const [i, of] of first.entries()) {
            model.identities.set(300 + i, identityLabelsOf(of))
            resolver.setIdentity(300 + i, identityLabelsOf(of))
            model.endpoints.set(1 + i, 300 + i)
            resolver.setEndpoint(1 + i, 300 + i)
          }
          model.remember()
          for (const [step, isFlushed] of steps) {
            switch (step.kind) {
              case 'policy':
                model.policies.set(`${step.policy.namespace}/${step.policy.name}`, step.policy)
                resolver.setPolicy(step.policy)
                break
              case 'no policy':
                for (const namespace of ['blue', 'green']) {
                  model.policies.delete(`${namespace}/${step.of}`)
                  resolver.deletePolicy(`${namespace}/${step.of}`)
                }
                break
              case 'identity': {
                const labels = step.pod === null ? undefined : identityLabelsOf(step.pod)
                if (labels === undefined) {
                  model.identities.delete(step.identity)
                  resolver.deleteIdentity(step.identity)
                } else {
                  model.identities.set(step.identity, labels)
                  resolver.setIdentity(step.identity, labels)
                }
                break
              }
              case 'prefix':
                // Prefixes come canonical from their controller.
                if (collectPolicyCidrs([cidrPolicy(step.prefix)]).includes(step.prefix)) {
                  setPrefix(step.prefix, step.gone)
                }
                break
              case 'all prefixes':
                for (const of of collectPolicyCidrs(model.policies.values())) setPrefix(of, false)
                break
              case 'endpoint':
                if (step.identity === null) {
                  model.endpoints.delete(step.id)
                  model.rows.delete(step.id)
                  resolver.deleteEndpoint(step.id)
                  rows.delete(step.id)
                } else {
                  model.endpoints.set(step.id, step.identity)
                  resolver.setEndpoint(step.id, step.identity)
                }
            }
            model.remember()
            if (!isFlushed) continue
            model.resolve()
            for (const row of resolver.flush()) rows.set(row.endpointId, row)
            expect(rows).toEqual(model.rows)
            expect(resolver.flush()).toEqual([])
          }
        },
      ),
      { numRuns: 400 },
    )
  })

  it('keeps what both the old and the new version of a policy allow', () => {
    const resolver = new IncrementalResolver()
    const allowing = (...ports: number[]) => ({
      ...cidrPolicy('10.0.0.0/8'),
      ingress: [{ peers: [], ports: ports.map((port) => ({ protocol: 'TCP', port })) }],
    })
    resolver.setEndpoint(1, 300)
    resolver.setIdentity(300, { 'k8s:io.kubernetes.pod.namespace': 'blue' })
    resolver.setPolicy(allowing(80, 81))
    resolver.flush()
    resolver.setPolicy(allowing(80, 82))
    const ports = resolver.flush()[0]?.entries.flatMap((entry) => (entry.protocol === 6 ? [entry.port] : []))
    expect(ports).toEqual([80, 82])
  })

  it('refuses a selector for labels that the configuration keeps out of identities', () => {
    const policy = {
      ...cidrPolicy('10.0.0.0/8'),
      podSelector: { matchLabels: { team: 'red' }, matchExpressions: [] },
    }
    expect(new IncrementalResolver().setPolicy(policy)).toEqual([])
    const errors = new IncrementalResolver(createLabelFilter(['!team'])).setPolicy(policy)
    expect(errors).toMatchObject([{ field: 'podSelector', message: expect.stringContaining('team') }])
  })

  it('keeps an allow until the last of the rules that give it lets go', () => {
    const resolver = new IncrementalResolver()
    const labels = (more: Labels) => ({ 'k8s:io.kubernetes.pod.namespace': 'blue', ...more })
    const peerWith = (app: string) => ({
      podSelector: { matchLabels: { [app]: 'yes' }, matchExpressions: [] },
    })
    resolver.setPolicy({
      ...cidrPolicy('10.0.0.0/8'),
      ingress: [{ peers: [peerWith('a'), peerWith('b')], ports: [] }],
    })
    resolver.setEndpoint(1, 300)
    resolver.setIdentity(300, labels({}))
    const hasPeer = () => resolver.flush()[0]?.entries.some((entry) => entry.identity === 301)
    resolver.setIdentity(301, labels({ 'k8s:a': 'yes', 'k8s:b': 'yes' }))
    expect(hasPeer()).toBe(true)
    resolver.setIdentity(301, labels({ 'k8s:b': 'yes' }))
    expect(hasPeer()).toBeUndefined()
    resolver.setIdentity(301, labels({}))
    expect(hasPeer()).toBe(false)
  })

  it('selects the world for 0.0.0.0/0 as soon as IPv6 has an identity of its own', () => {
    const resolver = new IncrementalResolver()
    resolver.setPolicy(cidrPolicy('0.0.0.0/0'))
    resolver.setEndpoint(1, 300)
    resolver.setIdentity(300, { 'k8s:io.kubernetes.pod.namespace': 'blue' })
    const peers = () => resolver.flush()[0]?.entries.filter((entry) => entry.direction === 'ingress')
    expect(peers()?.map((entry) => entry.identity)).toEqual([1])
    resolver.setPrefix('::/0', 1 << 24)
    expect(peers()?.map((entry) => entry.identity)).toEqual([1, 2])
    resolver.setPrefix('::/0', undefined)
    expect(peers()?.map((entry) => entry.identity)).toEqual([1])
  })

  it('forgets the selectors of policies that select nothing here', () => {
    const resolver = new IncrementalResolver()
    const labels = { 'k8s:io.kubernetes.pod.namespace': 'blue', 'k8s:app': 'web' }
    const all = { matchLabels: {}, matchExpressions: [] }
    resolver.setPolicy({
      ...cidrPolicy('10.0.0.0/8'),
      ingress: [{ peers: [{ podSelector: all }, { namespaceSelector: all }], ports: [] }],
    })
    resolver.setIdentity(300, labels)
    expect(resolver.selectorCount).toBe(0)
    resolver.setEndpoint(1, 300)
    resolver.flush()
    expect(resolver.selectorCount).toBe(2)
    resolver.deleteEndpoint(1)
    expect(resolver.selectorCount).toBe(0)
  })

  it('keeps the entries that did not change, as the same objects', () => {
    const resolver = new IncrementalResolver()
    const labels = (app: string) => ({ 'k8s:io.kubernetes.pod.namespace': 'blue', 'k8s:app': app })
    const all = { matchLabels: {}, matchExpressions: [] }
    resolver.setPolicy({
      ...cidrPolicy('10.0.0.0/8'),
      ingress: [{ peers: [{ podSelector: all }], ports: [] }],
    })
    resolver.setIdentity(300, labels('web'))
    resolver.setEndpoint(1, 300)
    resolver.setEndpoint(2, 300)
    const [first, second] = resolver.flush()
    expect(first?.entries).toBe(second?.entries)
    resolver.setIdentity(301, labels('db'))
    const [after] = resolver.flush()
    expect(after?.entries).toHaveLength((first?.entries.length ?? 0) + 1)
    for (const entry of first?.entries ?? []) expect(after?.entries).toContain(entry)
  })
})

function cidrPolicy(cidr: string): SlimNetworkPolicy {
  return {
    name: 'c',
    namespace: 'blue',
    uid: '',
    resourceVersion: '',
    labels: {},
    podSelector: { matchLabels: {}, matchExpressions: [] },
    policyTypes: ['Ingress'],
    ingress: [{ peers: [{ ipBlock: { cidr, except: [] } }], ports: [] }],
    egress: [],
  }
}
