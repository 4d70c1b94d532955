import { readFileSync } from 'node:fs'
import { describeError } from '@axoneme/lifecycle'
import { describe, expect, it } from 'vitest'
import {
  ciliumNodeDecoder,
  createInterner,
  DecodeError,
  decodeList,
  decodeStatus,
  decodeWatchEvent,
  endpointSliceDecoder,
  isExpired,
  networkPolicyDecoder,
  nodeDecoder,
  openEnvelope,
  podDecoder,
  serviceDecoder,
  wholeMessage,
} from './index.ts'
import { readCapture } from './testing/captures.ts'

const interner = createInterner()
const metadata = { name: 'a', namespace: 'b' }

describe('defaults of the API', () => {
  it.each([
    { spec: {}, policyTypes: ['Ingress'] },
    { spec: { egress: [] }, policyTypes: ['Ingress'] },
    { spec: { egress: [{}] }, policyTypes: ['Ingress', 'Egress'] },
    { spec: { egress: [{}], policyTypes: ['Egress'] }, policyTypes: ['Egress'] },
  ])('policyTypes of $spec are $policyTypes', ({ spec, policyTypes }) => {
    expect(networkPolicyDecoder(interner).fromJson({ metadata, spec }).policyTypes).toEqual(policyTypes)
  })

  it('a policy port is TCP, and no port means every port', () => {
    const spec = { ingress: [{ ports: [{}, { port: 'http' }, { port: 80, endPort: 90, protocol: 'UDP' }] }] }
    expect(networkPolicyDecoder(interner).fromJson({ metadata, spec }).ingress[0]?.ports).toEqual([
      { protocol: 'TCP' },
      { protocol: 'TCP', port: 'http' },
      { protocol: 'UDP', port: 80, endPort: 90 },
    ])
  })

  it.each([
    { conditions: undefined, expected: { ready: true, serving: true, terminating: false } },
    { conditions: { ready: null }, expected: { ready: true, serving: true, terminating: false } },
    {
      conditions: { ready: false, serving: true, terminating: true },
      expected: { ready: false, serving: true, terminating: true },
    },
  ])('conditions $conditions', ({ conditions, expected }) => {
    const slice = endpointSliceDecoder(interner).fromJson({
      metadata,
      endpoints: [{ addresses: ['10.0.0.1'], conditions }],
      ports: [{ port: 80 }],
    })
    expect(slice.endpoints).toEqual([{ address: '10.0.0.1', nodeName: '', ...expected }])
    expect(slice.ports).toEqual([{ name: '', protocol: 'TCP', port: 80 }])
  })

  it('a service', () => {
    expect(
      serviceDecoder(interner).fromJson({
        metadata,
        spec: {
          clusterIP: '10.0.0.1',
          ports: [{ port: 80 }, { port: 53, targetPort: 'dns' }],
          sessionAffinity: 'ClientIP',
        },
        status: {
          loadBalancer: {
            ingress: [{ ip: '1.2.3.4' }, { ip: '5.6.7.8', ipMode: 'Proxy' }, { hostname: 'x' }],
          },
        },
      }),
    ).toMatchObject({
      type: 'ClusterIP',
      clusterIPs: ['10.0.0.1'],
      loadBalancerIPs: ['1.2.3.4'],
      ports: [
        { protocol: 'TCP', port: 80, targetPort: 80, nodePort: 0 },
        { protocol: 'TCP', port: 53, targetPort: 'dns', nodePort: 0 },
      ],
      sessionAffinity: 'ClientIP',
      sessionAffinityTimeoutSeconds: 10_800,
      internalTrafficPolicy: 'Cluster',
      externalTrafficPolicy: 'Cluster',
    })
  })
})

it('a service without affinity has no time for it', () => {
  const spec = { sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } }
  expect(serviceDecoder(interner).fromJson({ metadata, spec })).toMatchObject({
    sessionAffinity: 'None',
    sessionAffinityTimeoutSeconds: 0,
  })
})

describe('deprecated single fields stand in for the lists beside them', () => {
  it.each([
    { spec: {}, podCIDRs: [] },
    { spec: { podCIDR: '10.4.0.0/24' }, podCIDRs: ['10.4.0.0/24'] },
    { spec: { podCIDR: 'old', podCIDRs: ['a', 'b'] }, podCIDRs: ['a', 'b'] },
  ])('podCIDRs of $spec', ({ spec, podCIDRs }) => {
    expect(nodeDecoder(interner).fromJson({ metadata, spec }).podCIDRs).toEqual(podCIDRs)
  })

  it.each([
    { spec: {}, clusterIPs: [] },
    { spec: { clusterIP: 'None' }, clusterIPs: ['None'] },
    {
      spec: { clusterIP: 'old', clusterIPs: ['10.0.0.1', 'fd00:0::1'] },
      clusterIPs: ['10.0.0.1', 'fd00::1'],
    },
  ])('clusterIPs of $spec', ({ spec, clusterIPs }) => {
    expect(serviceDecoder(interner).fromJson({ metadata, spec }).clusterIPs).toEqual(clusterIPs)
  })

  it.each([
    { status: {}, podIPs: [] },
    { status: { podIP: '10.0.0.1' }, podIPs: ['10.0.0.1'] },
    { status: { podIP: 'old', podIPs: [{ ip: '10.0.0.2' }] }, podIPs: ['10.0.0.2'] },
  ])('podIPs of $status', ({ status, podIPs }) => {
    expect(podDecoder(interner).fromJson({ metadata, status }).podIPs).toEqual(podIPs)
  })

  it.each([
    { spec: {}, serviceAccount: '' },
    { spec: { serviceAccount: 'old' }, serviceAccount: 'old' },
    { spec: { serviceAccount: 'old', serviceAccountName: 'a' }, serviceAccount: 'a' },
  ])('serviceAccount of $spec', ({ spec, serviceAccount }) => {
    expect(podDecoder(interner).fromJson({ metadata, spec }).serviceAccount).toBe(serviceAccount)
  })
})

it('ports of sidecars count, those of plain init containers do not', () => {
  const ports = (containerPort: number) => [{ containerPort }]
  const pod = podDecoder(interner).fromJson({
    metadata: { ...metadata, deletionTimestamp: '2026-11-22T20:25:42Z' },
    spec: {
      containers: [{ ports: ports(1) }],
      initContainers: [{ ports: ports(2) }, { ports: ports(3), restartPolicy: 'Always' }],
    },
    status: { podIP: '10.0.0.1' },
  })
  expect(pod.ports.map((port) => port.port)).toEqual([1, 3])
  expect(pod).toMatchObject({ deleting: true, podIPs: ['10.0.0.1'] })
})

it('CiliumNodes of a real cluster', () => {
  const file = new URL('../../../../shared/data/cilium/ciliumnodes.json', import.meta.url)
  const { items } = decodeList(readFileSync(file), 'json', ciliumNodeDecoder(interner))
  expect(items).toHaveLength(1)
  expect(items[0]).toMatchObject({
    name: 'gke-prod-pool-1-8a9f2b3c-0000',
    addresses: [
      { type: 'InternalIP', address: '10.132.0.2' },
      { type: 'ExternalIP', address: '34.76.10.2' },
      { type: 'CiliumInternalIP', address: '10.4.0.155' },
    ],
    podCIDRs: ['10.4.0.0/24'],
    encryptionKey: 0,
  })
  const encrypted = { metadata: { name: 'n' }, spec: { encryption: { key: 3 } } }
  expect(ciliumNodeDecoder(interner).fromJson(encrypted).encryptionKey).toBe(3)
})

it('the Status of an expired list', () => {
  const status = decodeStatus(readCapture('list-expired.410.pb'), 'protobuf')
  expect(status).toMatchObject({ code: 410, reason: 'Expired', retryAfterSeconds: 0 })
  expect(isExpired(status)).toBe(true)
  expect(isExpired({ code: 500, reason: 'InternalError' })).toBe(false)
})

describe('envelopes', () => {
  const typeMeta = [0x0a, 6, 0x0a, 2, 0x76, 0x31, 0x12, 0] // apiVersion v1, no kind

  it('name the type and view the content', () => {
    const bytes = Buffer.from([...Buffer.from('k8s\0'), ...typeMeta, 0x12, 2, 7, 8])
    const envelope = openEnvelope(wholeMessage(bytes))
    expect(envelope).toMatchObject({ apiVersion: 'v1', kind: '' })
    expect(bytes.subarray(envelope.start, envelope.end)).toEqual(Buffer.from([7, 8]))
  })

  it.each([
    { what: 'another magic', bytes: [...Buffer.from('k8z\0'), 0x12, 0], message: 'does not start' },
    { what: 'no content', bytes: [...Buffer.from('k8s\0'), ...typeMeta], message: 'without content' },
    {
      what: 'compressed content',
      bytes: [...Buffer.from('k8s\0'), 0x12, 1, 7, 0x1a, 4, ...Buffer.from('gzip')],
      message: 'content encoding "gzip"',
    },
  ])('with $what are refused', ({ bytes, message }) => {
    const refusal = () => openEnvelope(wholeMessage(Buffer.from(bytes)))
    expect(refusal).toThrow(DecodeError)
    try {
      refusal()
    } catch (error) {
      expect(describeError(error)).toContain(message)
    }
  })
})

describe('watch events', () => {
  const decoder = podDecoder(interner)
  const event = (value: unknown) =>
    decodeWatchEvent(wholeMessage(Buffer.from(JSON.stringify(value))), { format: 'json', decoder })
  const pod = { kind: 'Pod', metadata: { ...metadata, resourceVersion: '7' } }

  it('a bookmark has only a version', () => {
    const object = { kind: 'Pod', metadata: { resourceVersion: '9' } }
    expect(event({ type: 'BOOKMARK', object })).toEqual({
      ...{ type: 'BOOKMARK', resourceVersion: '9', endsInitialEvents: false },
    })
  })

  it('a deleted object that is otherwise broken is still deleted', () => {
    expect(event({ type: 'DELETED', object: { ...pod, spec: 7 } })).toEqual({
      type: 'DELETED',
      key: 'b/a',
      resourceVersion: 7,
    })
  })

  it('a broken object is told from a broken watch', () => {
    expect(event({ type: 'ADDED', object: { ...pod, spec: 7 } })).toMatchObject({
      type: 'INVALID',
      key: 'b/a',
    })
    expect(() => event({ type: 'ADDED', object: { kind: 'Node' } })).toThrow(/Node.*pods|watch event/)
    expect(() => event({ type: 'GONE', object: pod })).toThrow('watch event')
  })
})

it('one broken item does not hide the others of a list', () => {
  const list = {
    kind: 'PodList',
    metadata: { resourceVersion: '1', continue: 'next' },
    items: [{ metadata }, { metadata: { ...metadata, name: 'broken' }, spec: { hostNetwork: 'yes' } }],
  }
  const page = decodeList(Buffer.from(JSON.stringify(list)), 'json', podDecoder(interner))
  expect(page).toMatchObject({
    continueToken: 'next',
    items: [{ name: 'a' }],
    invalid: [{ key: 'b/broken' }],
  })
})

it('the interner gives one copy and stays within its bound', () => {
  const small = createInterner({ maxEntries: 10 })
  for (let i = 0; i < 100; i++) {
    expect(small.intern(`text ${i}`)).toBe(`text ${i}`)
    expect(small.intern('kept')).toBe('kept')
    expect(small.size).toBeLessThanOrEqual(10)
  }
})
