import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cidrLabel } from './cidr-labels.ts'
import { createLabelFilter, isIdentityLabel } from './label-filter.ts'
import { formatLabels, parseLabels } from './label-string.ts'
import { podIdentityLabels } from './pod-labels.ts'
import { isReservedIdentity, reservedIdentityRows } from './reserved.ts'

const data = new URL('../../../../shared/data/cilium/', import.meta.url)

describe('isIdentityLabel', () => {
  it.each([
    ['app', true],
    ['app.kubernetes.io/name', true],
    ['io.kubernetes.pod.namespace', true],
    ['io.cilium.k8s.policy.serviceaccount', true],
    ['io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name', true],
    ['example.com/pod-template-hash', true],
    ['io.kubernetes.pod.name', false],
    ['kubernetes.io/arch', false],
    ['statefulset.kubernetes.io/pod-name', false],
    ['apps.kubernetes.io/pod-index', false],
    ['batch.kubernetes.io/job-completion-index', false],
    ['batch.kubernetes.io/controller-uid', false],
    ['batch.kubernetes.io/job-name', true],
    ['topology.kubernetes.io/zone', false],
    ['failure-domain.beta.kubernetes.io/zone', false],
    ['k8s.io/anything', false],
    ['pod-template-generation', false],
    ['pod-template-hash', false],
    ['controller-revision-hash', false],
    ['annotation.foo', false],
    ['etcd_node', false],
    // The rule that ignores matches over a longer part of the key than the one that includes.
    ['io.cilium.k8s.namespace.labels.x.beta.kubernetes.io/y', false],
  ])('%s: %s', (key, expected) => expect(isIdentityLabel(key)).toBe(expected))
})

describe('createLabelFilter', () => {
  it.each([
    // More rules that ignore: the others stay as they are.
    { rules: ['!job-name'], key: 'job-name', expected: false },
    { rules: ['!job-name'], key: 'app', expected: true },
    { rules: ['k8s:!job-name'], key: 'job-name', expected: false },
    // At the start only, and of any length.
    { rules: ['!name'], key: 'job-name', expected: true },
    { rules: ['!foo'], key: 'foobar', expected: false },
    // One that includes: nothing else counts, but for Cilium's own.
    { rules: ['k8s:app'], key: 'app', expected: true },
    { rules: ['k8s:app'], key: 'application', expected: true },
    { rules: ['k8s:^app$'], key: 'application', expected: false },
    { rules: ['k8s:app'], key: 'team', expected: false },
    { rules: ['k8s:app'], key: 'io.kubernetes.pod.namespace', expected: true },
    { rules: ['k8s:app'], key: 'io.cilium.k8s.policy.cluster', expected: true },
    { rules: ['k8s:app'], key: 'io.cilium.k8s.namespace.labels.team', expected: true },
    { rules: ['k8s:app'], key: 'io.cilium.k8s.policy.serviceaccount', expected: false },
    // The longer match wins, and among rules that ignore the shortest counts.
    { rules: ['kubernetes.io/arch'], key: 'kubernetes.io/arch', expected: true },
    { rules: ['app', '!app-'], key: 'app-version', expected: false },
    { rules: ['app-version', '!app-'], key: 'app-version', expected: true },
    // As in a ConfigMap of Cilium: one text.
    { rules: ['k8s:app k8s:!tmp k8s:tier'], key: 'tier', expected: true },
    // Of another source: nothing to do with pods' labels, but understood.
    { rules: ['reserved:.*'], key: 'app', expected: true },
    { rules: ['container:app'], key: 'team', expected: true },
  ])('$rules: $key $expected', ({ rules, key, expected }) => {
    expect(createLabelFilter(rules)(key)).toBe(expected)
  })

  it.each(['!', 'k8s:', 'k8s:!', 'k8s:(app'])('refuses %j', (rule) => {
    const make = () => createLabelFilter([rule])
    expect(make).toThrow(expect.objectContaining({ code: 'IDENTITY_LABEL_RULE' }))
  })

  it('decides which labels of a pod make its identity', () => {
    const pod = {
      namespace: 'a',
      labels: { app: 'x', team: 'y' },
      namespaceLabels: {},
      cluster: 'c',
      serviceAccount: 's',
    }
    expect(podIdentityLabels(pod, createLabelFilter(['k8s:app']))).toEqual({
      'k8s:app': 'x',
      'k8s:io.kubernetes.pod.namespace': 'a',
      'k8s:io.cilium.k8s.policy.cluster': 'c',
    })
  })
})

describe('podIdentityLabels', () => {
  const pod = {
    namespace: 'default',
    labels: { app: 'bench', 'topology.kubernetes.io/zone': 'europe-west1-b' },
    namespaceLabels: { 'kubernetes.io/metadata.name': 'default' },
    cluster: 'default',
    serviceAccount: '',
  }

  it('gives the labels that Cilium gave to the same pod', () => {
    const dump = readFileSync(new URL('kvstore-dump.txt', data), 'utf8').split('\n')
    const at = dump.indexOf('cilium/state/identities/v1/id/63887')
    expect(formatLabels(podIdentityLabels(pod))).toBe(dump[at + 1])
  })

  it('gives the labels of the CiliumIdentity', () => {
    const { items } = JSON.parse(readFileSync(new URL('ciliumidentities.json', data), 'utf8'))
    expect(podIdentityLabels(pod)).toEqual(items[0]['security-labels'])
  })

  it('adds the service account when there is one', () => {
    expect(podIdentityLabels({ ...pod, serviceAccount: 'cart' })).toMatchObject({
      'k8s:io.cilium.k8s.policy.serviceaccount': 'cart',
    })
  })

  it('does not let a pod choose its namespace, cluster or namespace labels', () => {
    const labels = podIdentityLabels({
      ...pod,
      labels: {
        'io.kubernetes.pod.namespace': 'kube-system',
        'io.cilium.k8s.policy.cluster': 'other',
        'io.cilium.k8s.policy.serviceaccount': 'admin',
        'io.cilium.k8s.namespace.labels.team': 'red',
      },
    })
    expect(formatLabels(labels)).toBe(
      'k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=default;' +
        'k8s:io.cilium.k8s.policy.cluster=default;k8s:io.kubernetes.pod.namespace=default;',
    )
  })
})

describe('formatLabels and parseLabels', () => {
  it('sorts by key without the source', () => {
    expect(formatLabels({ 'reserved:b': '', 'k8s:c': '1', 'k8s:a': '2' })).toBe(
      'k8s:a=2;reserved:b=;k8s:c=1;',
    )
  })

  it.each(['k8s:a=b', 'a=b;', ':a=b;', 'k8s:=b;', 'k8s:a;', 'k8s:a=b;;', 'k8s:a=b;k8s:a=c;', ';'])(
    'refuses %s',
    (text) => expect(parseLabels(text)).toBeUndefined(),
  )

  it('keeps a value with an equals sign and the empty set', () => {
    expect(parseLabels('k8s:a=b=c;')).toEqual({ 'k8s:a': 'b=c' })
    expect(parseLabels('')).toEqual({})
  })

  const key = fc.stringMatching(/^[a-z0-9][a-z0-9./_-]{0,20}$/)
  const labels = fc.dictionary(
    fc.tuple(fc.constantFrom('k8s', 'cidr', 'reserved'), key).map(([source, name]) => `${source}:${name}`),
    fc.stringMatching(/^[a-zA-Z0-9_.-]{0,20}$/),
  )

  it('are inverse', () => {
    fc.assert(
      fc.property(labels, (set) => {
        expect(parseLabels(formatLabels(set))).toEqual({ ...set })
      }),
    )
  })

  it('gives equal sets equal strings and different sets different ones', () => {
    fc.assert(
      fc.property(labels, labels, (a, b) => {
        const reversed = Object.fromEntries(Object.entries(a).reverse())
        expect(formatLabels(reversed)).toBe(formatLabels(a))
        const equal = JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort())
        expect(formatLabels(a) === formatLabels(b)).toBe(equal)
      }),
    )
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseLabels(text)))
  })
})

describe('reserved and prefixes', () => {
  it('has a row for each reserved number', () => {
    expect(reservedIdentityRows.map(({ id, labels }) => `${id} ${formatLabels(labels)}`)).toEqual([
      '0 reserved:unknown=;',
      '1 reserved:host=;',
      '2 reserved:world=;',
      '3 reserved:unmanaged=;',
      '4 reserved:health=;',
      '5 reserved:init=;',
      '6 reserved:remote-node=;',
      '7 reserved:kube-apiserver=;reserved:remote-node=;',
      '8 reserved:ingress=;',
    ])
    expect([0, 255, 256].map(isReservedIdentity)).toEqual([true, true, false])
  })

  it.each([
    ['10.0.0.0/8', 'cidr:10.0.0.0/8'],
    ['2001:db8::/32', 'cidr:2001-db8--0/32'],
    ['::/0', 'cidr:0--0/0'],
    ['::1/128', 'cidr:0--1/128'],
  ])('labels %s as %s', (cidr, label) => expect(cidrLabel(cidr)).toBe(label))
})
