import { parseLabels } from '@axoneme/identity'
import {
  ciliumNodeDecoder,
  createInterner,
  type Decoder,
  endpointSliceDecoder,
  namespaceDecoder,
  nodeDecoder,
  podDecoder,
  selectorMatches,
  serviceDecoder,
} from '@axoneme/slim-types'
import { describe, expect, it } from 'vitest'
import { appOfReplicaSet, replicaSetOfPod } from './app.ts'
import {
  beatsBetween,
  ciliumNodeObject,
  clusterShape,
  endpointSliceObject,
  fullShape,
  ipEntry,
  kvstoreEntries,
  leaseObject,
  type ModelObject,
  namespaceObject,
  nodeObject,
  nodeOfPod,
  oldHeartbeats,
  podAddress,
  podObject,
  serviceObject,
  withHeartbeat,
} from './index.ts'

const interner = createInterner()
const decode = <T>(decoder: Decoder<T>, object: ModelObject): T =>
  decoder.fromJson(JSON.parse(JSON.stringify(object)))

describe('objects of the cluster', () => {
  it('are read by the decoders', () => {
    const pod = decode(podDecoder(interner), podObject(fullShape, 7))
    expect(pod).toMatchObject({
      nodeName: 'gke-prod-pool-1-8a9f2b3c-0007',
      podIPs: ['10.0.7.2'],
      phase: 'Running',
    })
    expect(decode(nodeDecoder(interner), nodeObject(4999))).toMatchObject({
      podCIDRs: ['10.19.135.0/24'],
      addresses: [{ type: 'InternalIP', address: '10.64.19.136' }, { type: 'Hostname' }],
    })
    expect(decode(ciliumNodeDecoder(interner), ciliumNodeObject(1)).podCIDRs).toEqual(['10.0.1.0/24'])
    expect(decode(namespaceDecoder(interner), namespaceObject(3)).name).toBe('team-003')
  })

  it('have the size of real ones', () => {
    const bytes = (object: ModelObject) => JSON.stringify(object).length
    expect(bytes(nodeObject(12))).toBeGreaterThan(15_000)
    expect(bytes(nodeObject(12))).toBeLessThan(18_000)
    expect(bytes(podObject(fullShape, 12))).toBeGreaterThan(4_500)
    expect(bytes(podObject(fullShape, 12))).toBeLessThan(8_000)
  })

  it('a service selects exactly the pods that are in its slice', () => {
    const shape = clusterShape({ nodes: 20, pods: 200, services: 40 })
    const pods = Array.from({ length: shape.pods }, (_, i) =>
      decode(podDecoder(interner), podObject(shape, i)),
    )
    for (const index of [0, 7, 39]) {
      const service = decode(serviceDecoder(interner), serviceObject(shape, index))
      const slice = decode(endpointSliceDecoder(interner), endpointSliceObject(shape, index))
      const selected = pods.filter(
        (pod) =>
          pod.namespace === service.namespace &&
          selectorMatches({ matchLabels: service.selector, matchExpressions: [] }, pod.labels),
      )
      expect(slice.endpoints.map((endpoint) => endpoint.address)).toEqual(
        selected.flatMap((pod) => pod.podIPs),
      )
      expect(selected).toHaveLength(5)
      expect(slice.serviceName).toBe(service.name)
    }
  })

  it('pods have addresses of their own, also those that come later', () => {
    const addresses = new Set<string>()
    for (let pod = 0; pod < fullShape.pods + 20_000; pod++) addresses.add(podAddress(fullShape, pod))
    expect(addresses.size).toBe(fullShape.pods + 20_000)
  })

  it('a node has pods of many apps', () => {
    const apps = new Set<number>()
    for (let pod = 0; pod < fullShape.pods; pod++)
      if (nodeOfPod(fullShape, pod) === 17) apps.add(appOfReplicaSet(fullShape, replicaSetOfPod(pod)))
    expect(apps.size).toBe(20)
  })

  it('a heartbeat changes nothing that an agent needs', () => {
    const decoder = nodeDecoder(interner)
    const before = nodeObject(5)
    const after = withHeartbeat(before, '2026-11-23T01:00:00Z')
    expect(JSON.stringify(after)).not.toBe(JSON.stringify(before))
    expect(decoder.equals(decode(decoder, before), decode(decoder, after))).toBe(true)
  })
})

describe('heartbeats', () => {
  it('come once in each period of a node, spread over it', () => {
    const counts = new Map<number, number>()
    for (let fromMs = 1_700_000_000_123; fromMs < 1_700_000_020_123; fromMs += 100) {
      const beats = [...beatsBetween({ nodes: 50, periods: oldHeartbeats }, { fromMs, toMs: fromMs + 100 })]
      expect(beats.length).toBeLessThanOrEqual(4)
      for (const { node, kind } of beats) if (kind === 'lease') counts.set(node, (counts.get(node) ?? 0) + 1)
    }
    expect([...counts.values()]).toEqual(Array(50).fill(2))
  })

  it('a lease says until when', () => {
    expect(leaseObject(1, '2026-11-22T20:25:37.000000Z').spec).toMatchObject({ leaseDurationSeconds: 40 })
  })
})

describe('kvstore entries', () => {
  const shape = clusterShape({ nodes: 5, pods: 100, services: 10 })

  it('are those of every node, pod and identity', () => {
    const entries = [...kvstoreEntries(shape)]
    const count = (prefix: string) =>
      entries.filter(({ key }) => key.startsWith(`cilium/state/${prefix}`)).length
    expect(new Set(entries.map(({ key }) => key)).size).toBe(entries.length)
    expect([count('nodes/v1/default/'), count('ip/v1/default/'), count('identities/v1/id/')]).toEqual([
      5,
      100,
      shape.apps,
    ])
    expect(count('identities/v1/value/')).toBeGreaterThan(0)
  })

  it('an address has the identity whose labels are those of its pod', () => {
    const entry = ipEntry(shape, 73)
    const { ID } = JSON.parse(entry.value)
    const pod = podObject(shape, 73)
    const labels = [...kvstoreEntries(shape)].find(({ key }) => key === `cilium/state/identities/v1/id/${ID}`)
    expect(parseLabels(labels?.value ?? '')?.['k8s:app']).toBe(pod.metadata.labels?.app)
  })
})
