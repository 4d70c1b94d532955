import { readFileSync } from 'node:fs'
import { ciliumNodeDecoder, createInterner, decodeList, nodeDecoder } from '@axoneme/slim-types'
import { expect, it } from 'vitest'
import { knownNode } from './known-nodes.ts'

const interner = createInterner()
const byPool = { clusterName: 'default', ipamMode: 'cluster-pool' } as const
const byKubernetes = { ...byPool, ipamMode: 'kubernetes' } as const

const node = nodeDecoder(interner).fromJson({
  metadata: { name: 'a', labels: { zone: 'now' } },
  spec: { podCIDRs: ['10.9.0.0/24', 'fd00::/64'] },
  status: { addresses: [{ type: 'InternalIP', address: '10.1.0.9' }] },
})
const ciliumNode = ciliumNodeDecoder(interner).fromJson({
  metadata: { name: 'a', labels: { zone: 'then' } },
  spec: {
    addresses: [{ type: 'InternalIP', ip: '10.1.0.1' }],
    encryption: { key: 3 },
    ipam: { podCIDRs: ['10.4.0.0/24'] },
  },
})
const withoutCidr = ciliumNodeDecoder(interner).fromJson({
  metadata: { name: 'a' },
  spec: { addresses: [{ type: 'InternalIP', ip: '10.1.0.1' }] },
})

function entry(...args: Parameters<typeof knownNode>): Record<string, unknown> | undefined {
  const known = knownNode(...args)
  return known?.entry === undefined ? undefined : JSON.parse(known.entry)
}

it('prefers what the agent tells, with the labels of now', () => {
  expect(entry('a', { node, ciliumNode }, byKubernetes)).toMatchObject({
    Source: 'custom-resource',
    IPAddresses: [{ IP: '10.1.0.1' }, { Type: 'CiliumInternalIP', IP: '10.4.0.1' }],
    EncryptionKey: 3,
    Labels: { zone: 'now' },
  })
  expect(entry('a', { node: undefined, ciliumNode }, byPool)).toMatchObject({ Labels: { zone: 'then' } })
})

it('tells of a node by its Node only where Kubernetes assigns the ranges of pods', () => {
  const only = { node, ciliumNode: undefined }
  expect(entry('a', only, byKubernetes)).toMatchObject({
    Source: 'kubernetes',
    IPAddresses: [{ IP: '10.1.0.9' }, { Type: 'CiliumInternalIP', IP: '10.9.0.1' }],
    IPv4AllocCIDR: { IP: '10.9.0.0' },
    IPv6AllocCIDR: { IP: 'fd00::' },
  })
  expect(knownNode('a', only, byPool)).toEqual({ name: 'a', entry: undefined })
})

it('keeps what is stored of a node that is known, and of no other', () => {
  expect(knownNode('a', { node, ciliumNode: withoutCidr }, byPool)).toEqual({ name: 'a', entry: undefined })
  expect(knownNode('a', { node: undefined, ciliumNode: undefined }, byPool)).toBeUndefined()
})

it('makes of a real CiliumNode what the agent of that node wrote itself', () => {
  const shared = (file: string) =>
    readFileSync(new URL(`../../../../shared/data/cilium/${file}`, import.meta.url))
  const { items } = decodeList(shared('ciliumnodes.json'), 'json', ciliumNodeDecoder(interner))
  const lines = shared('kvstore-dump.txt').toString('utf8').split('\n')
  const wrote = JSON.parse(lines[lines.findIndex((line) => line.includes('/nodes/v1/')) + 1] ?? '')
  const made = entry(wrote.Name, { node: undefined, ciliumNode: items[0] }, byPool)
  const { Name, Cluster, IPv4AllocCIDR, IPv6AllocCIDR, EncryptionKey, Labels } = wrote
  expect(made).toMatchObject({ Name, Cluster, IPv4AllocCIDR, IPv6AllocCIDR, EncryptionKey, Labels })
  expect(wrote.IPAddresses).toEqual(expect.arrayContaining(made?.IPAddresses as unknown[]))
})
