import { readFileSync } from 'node:fs'
import {
  createInterner,
  endpointSliceDecoder,
  type SlimEndpointSlice,
  type SlimService,
  serviceDecoder,
} from '@axoneme/slim-types'
import { describe, expect, it } from 'vitest'
import { frontendsOf } from './frontends.ts'
import { type FrontendRow, serving } from './types.ts'

const meta = { name: 'web', namespace: 'shop', uid: '', resourceVersion: '1', labels: {} }
const service: SlimService = {
  ...meta,
  type: 'ClusterIP',
  clusterIPs: ['10.96.0.9'],
  externalIPs: [],
  loadBalancerIPs: [],
  ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080, nodePort: 0 }],
  selector: {},
  sessionAffinity: 'None',
  sessionAffinityTimeoutSeconds: 0,
  internalTrafficPolicy: 'Cluster',
  externalTrafficPolicy: 'Cluster',
}

type Endpoint = SlimEndpointSlice['endpoints'][number]
const endpoint = (address: string, more: Partial<Endpoint> = {}): Endpoint => ({
  address,
  ready: true,
  serving: true,
  terminating: false,
  nodeName: 'n1',
  ...more,
})
const slice = (endpoints: Endpoint[], more: Partial<SlimEndpointSlice> = {}): SlimEndpointSlice => ({
  ...meta,
  name: 'web-1',
  serviceName: 'web',
  addressType: 'IPv4',
  endpoints,
  ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
  ...more,
})
const ending = { ready: false, serving: true, terminating: true }
const unready = { ready: false, serving: false }

const resolve = (slices: SlimEndpointSlice[], more: Partial<SlimService> = {}) =>
  frontendsOf({ service: { ...service, ...more }, slices, nodeName: 'n1' })
const backendsOf = (row: FrontendRow | undefined) =>
  row?.backends.map((backend) => `${backend.address}:${backend.port} ${backend.state}`)

describe('frontendsOf', () => {
  it('has one row per cluster IP and port, with the backends of its family', () => {
    const rows = resolve(
      [
        slice([endpoint('10.4.0.2'), endpoint('10.4.0.1')]),
        slice([endpoint('fd00::1')], { addressType: 'IPv6' }),
        slice([], { addressType: 'FQDN', endpoints: [endpoint('example.org')] }),
      ],
      { type: 'NodePort', clusterIPs: ['10.96.0.9', 'fd01::9'] },
    )
    expect(rows.map((row) => [row.key, row.kind, row.service, backendsOf(row)])).toEqual([
      ['10.96.0.9:80/TCP', 'ClusterIP', 'shop/web', ['10.4.0.1:8080 active', '10.4.0.2:8080 active']],
      ['[fd01::9]:80/TCP', 'ClusterIP', 'shop/web', ['fd00::1:8080 active']],
    ])
  })

  it('matches ports by name and protocol, whatever their number in each slice', () => {
    const ports = [
      { name: 'dns', protocol: 'UDP', port: 53, targetPort: 53, nodePort: 0 },
      { name: 'dns', protocol: 'TCP', port: 53, targetPort: 53, nodePort: 0 },
    ]
    const rows = resolve(
      [
        slice([endpoint('10.4.0.1')], { ports: [{ name: 'dns', protocol: 'UDP', port: 5353 }] }),
        slice([endpoint('10.4.0.2')], { ports: [{ name: 'dns', protocol: 'UDP', port: 53 }] }),
        slice([endpoint('10.4.0.3')], { ports: [{ name: 'other', protocol: 'UDP', port: 53 }] }),
      ],
      { ports },
    )
    expect(rows.map(backendsOf)).toEqual([['10.4.0.1:5353 active', '10.4.0.2:53 active'], []])
  })

  it('gives a service without backends a row too', () => {
    expect(resolve([])).toMatchObject([{ key: '10.96.0.9:80/TCP', backends: [] }])
  })

  it.each([
    { name: 'headless', more: { clusterIPs: ['None'] } },
    { name: 'without cluster IP', more: { clusterIPs: [''] } },
    { name: 'ExternalName', more: { type: 'ExternalName' } },
    { name: 'of an unknown protocol', more: { ports: [{ ...service.ports[0]!, protocol: 'QUIC' }] } },
  ])('has no row for a service $name', ({ more }) => {
    expect(resolve([slice([endpoint('10.4.0.1')])], more)).toEqual([])
  })

  it('keeps endpoints that are not ready, for the connections they have', () => {
    const [row] = resolve([
      slice([endpoint('10.4.0.1'), endpoint('10.4.0.2', ending), endpoint('10.4.0.3', unready)]),
    ])
    expect(backendsOf(row)).toEqual([
      '10.4.0.1:8080 active',
      '10.4.0.2:8080 terminating',
      '10.4.0.3:8080 draining',
    ])
    expect(serving(row!.backends).map((backend) => backend.address)).toEqual(['10.4.0.1'])
  })

  it('falls back on ending ones that still serve when none is ready', () => {
    const [row] = resolve([
      slice([endpoint('10.4.0.2', ending), endpoint('10.4.0.3', { ...ending, serving: false })]),
    ])
    expect(serving(row!.backends).map((backend) => backend.address)).toEqual(['10.4.0.2'])
  })

  it('counts an endpoint in two slices once, in its better state', () => {
    const [row] = resolve([slice([endpoint('10.4.0.1', unready)]), slice([endpoint('10.4.0.1')])])
    expect(backendsOf(row)).toEqual(['10.4.0.1:8080 active'])
  })

  it('stays on the node where the internal traffic policy says so', () => {
    const [row] = resolve([slice([endpoint('10.4.0.1'), endpoint('10.4.0.2', { nodeName: 'n2' })])], {
      internalTrafficPolicy: 'Local',
    })
    expect(backendsOf(row)).toEqual(['10.4.0.1:8080 active'])
  })

  it('tells the affinity timeout', () => {
    const affinity = { sessionAffinity: 'ClientIP', sessionAffinityTimeoutSeconds: 10_800 }
    expect(resolve([], affinity)[0]?.affinityTimeoutSeconds).toBe(10_800)
  })

  it('skips what is no address and no port', () => {
    const [row] = resolve([
      slice([endpoint('nonsense'), endpoint('')]),
      slice([endpoint('10.4.0.1')], { ports: [{ name: 'http', protocol: 'TCP', port: 0 }] }),
    ])
    expect(row?.backends).toEqual([])
  })

  it('resolves a real cluster', () => {
    const interner = createInterner()
    const items = (name: string): unknown[] =>
      JSON.parse(readFileSync(new URL(`../../../../shared/data/wire/${name}`, import.meta.url), 'utf8')).items
    const services = items('services.list.json').map((item) => serviceDecoder(interner).fromJson(item))
    const slices = items('endpointslices.list.json').map((item) =>
      endpointSliceDecoder(interner).fromJson(item),
    )
    const rows = services.flatMap((of) =>
      frontendsOf({
        service: of,
        slices: slices.filter(
          ({ namespace, serviceName }) => namespace === of.namespace && serviceName === of.name,
        ),
        nodeName: '',
      }),
    )
    expect(rows.length).toBeGreaterThan(10)
    expect(new Set(rows.map((row) => row.key)).size).toBe(rows.length)
    expect(rows.every((row) => row.backends.every((backend) => backend.port > 0))).toBe(true)
    expect(rows.filter((row) => row.backends.length > 0).length).toBeGreaterThan(10)
  })
})
