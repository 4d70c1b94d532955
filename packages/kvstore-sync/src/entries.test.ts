import { readFileSync } from 'node:fs'
import type { EndpointRow } from '@axoneme/endpoint'
import { formatLabels } from '@axoneme/identity'
import type { NodeRow } from '@axoneme/ipcache'
import { formatCidr, formatIp } from '@axoneme/net-types'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cidrOfGoIpNet, goIpNetOfCidr } from './go-ipnet.ts'
import { parseIdentity } from './identity-table.ts'
import { ipEntryOf, parseIpEntry } from './ip-entries.ts'
import { nodeEntryOf, parseNodeEntry } from './node-entries.ts'
import { identityPaths, ipPrefix, nodePrefix } from './paths.ts'

/** What a real Cilium keeps in etcd: key, value, key, value. */
function dumped(prefix: string): { name: string; value: string }[] {
  const file = new URL('../../../../shared/data/cilium/kvstore-dump.txt', import.meta.url)
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const entries: { name: string; value: string }[] = []
  for (let i = 0; i < lines.length; i += 2) {
    const [key = '', value = ''] = lines.slice(i, i + 2)
    if (key.startsWith(prefix)) entries.push({ name: key.slice(prefix.length), value })
  }
  expect(entries).not.toEqual([])
  return entries
}

const node: NodeRow = {
  name: 'gke-prod-pool-1-8a9f2b3c-0000',
  cluster: 'default',
  internalIp: '10.132.0.2',
  routerIp: '10.4.0.155',
  podCidrs: ['10.4.0.0/24'],
  encryptKey: 0,
  labels: {},
}

const endpoint: EndpointRow = {
  id: 3285,
  containerId: 'c',
  ifName: 'eth0',
  netnsPath: '',
  namespace: 'default',
  podName: 'bench-6',
  podUid: 'u',
  ipv4: '10.4.0.126',
  podMac: '',
  hostMac: '',
  hostIfName: '',
  labels: {},
  identity: 63887,
  state: 'ready',
}

describe('identity entries', () => {
  it('reads what Cilium wrote', () => {
    const [entry] = dumped(identityPaths.idPrefix)
    const parsed = parseIdentity(entry?.name ?? '', entry?.value ?? '')
    expect(parsed).toMatchObject({ row: { id: 63887, labels: { 'k8s:app': 'bench' } } })
    if ('row' in parsed) expect(formatLabels(parsed.row.labels)).toBe(entry?.value)
  })

  it.each([
    ['255', 'k8s:a=b;'],
    ['16777216', 'k8s:a=b;'],
    ['0300', 'k8s:a=b;'],
    ['300x', 'k8s:a=b;'],
    ['300', 'k8s:a=b'],
    ['300', ''],
    ['300', 'reserved:host=;'],
  ])('refuses %s = %j', (name, value) => {
    expect(parseIdentity(name, value)).toHaveProperty('problem')
  })
})

describe('ip entries', () => {
  it('reads what Cilium wrote', () => {
    for (const { name, value } of dumped(ipPrefix('default'))) {
      const row = { ip: name, hostIp: '10.132.0.2', identity: 63887, encryptKey: 0, namespace: 'default' }
      expect(parseIpEntry(name, value)).toMatchObject({ row })
    }
  })

  it('writes an endpoint as Cilium does, to the byte', () => {
    const entry = ipEntryOf(endpoint, node)
    expect(dumped(ipPrefix('default'))).toContainEqual({ name: entry?.key, value: entry?.value })
  })

  it('writes nothing for an endpoint without an identity', () => {
    expect(ipEntryOf({ ...endpoint, identity: 0 }, node)).toBeUndefined()
  })

  it.each([
    ['not JSON', '{'],
    ['another address', '{"IP":"10.0.0.2","HostIP":"10.1.0.1","ID":300}'],
    ['no address', '{"IP":"10.0.0","HostIP":"10.1.0.1","ID":300}'],
    ['no identity', '{"IP":"10.0.0.1","HostIP":"10.1.0.1"}'],
    ['a bad identity', '{"IP":"10.0.0.1","HostIP":"10.1.0.1","ID":-1}'],
    ['a bad host', '{"IP":"10.0.0.1","HostIP":"host","ID":300}'],
    ['a prefix', '{"IP":"10.0.0.1","Mask":"////AA==","HostIP":"10.1.0.1","ID":300}'],
    ['an array', '[]'],
    ['null', 'null'],
  ])('refuses %s', (_, value) => {
    expect(parseIpEntry('10.0.0.1', value)).toHaveProperty('problem')
  })

  it('tolerates fields that it does not know or that are missing', () => {
    expect(parseIpEntry('10.0.0.1', '{"IP":"10.0.0.1","ID":300,"NamedPorts":[1],"HostIP":""}')).toEqual({
      row: { ip: '10.0.0.1', hostIp: '', identity: 300, encryptKey: 0, namespace: '', podName: '' },
    })
  })
})

describe('node entries', () => {
  it('reads what Cilium wrote', () => {
    const [entry] = dumped(nodePrefix('default'))
    const parsed = parseNodeEntry(entry?.name ?? '', entry?.value ?? '')
    expect(parsed).toMatchObject({ row: { ...node, labels: { 'kubernetes.io/arch': 'amd64' } } })
  })

  it('writes the same fields in the same order, and the same values where it knows them', () => {
    const [entry] = dumped(nodePrefix('default'))
    const theirs = JSON.parse(entry?.value ?? '')
    const ours = JSON.parse(nodeEntryOf({ ...node, labels: theirs.Labels }).value)
    expect(Object.keys(ours)).toEqual(Object.keys(theirs))
    const known = theirs.IPAddresses.filter(({ Type }: { Type: string }) => Type !== 'ExternalIP')
    expect(ours).toEqual({ ...theirs, IPAddresses: known, BootID: '' })
  })

  it('reads back every prefix of both families that it wrote', () => {
    const many = {
      ...node,
      podCidrs: ['10.4.0.0/24', '10.5.0.0/16', 'fd00::/64', 'fd01::/112'],
      routerIp: '',
      encryptKey: 3,
    }
    expect(parseNodeEntry(node.name, nodeEntryOf(many).value)).toEqual({ row: many })
  })

  it.each([
    [
      'another name',
      '{"Name":"b","Cluster":"default","IPAddresses":[{"Type":"InternalIP","IP":"10.0.0.1"}]}',
    ],
    ['no address', '{"Name":"a","Cluster":"default","IPAddresses":null}'],
    ['a bad address', '{"Name":"a","Cluster":"default","IPAddresses":[{"Type":"InternalIP","IP":"x"}]}'],
    [
      'a bad prefix',
      '{"Name":"a","Cluster":"default","IPAddresses":[{"Type":"InternalIP","IP":"10.0.0.1"}],"IPv4AllocCIDR":{"IP":"10.0.0.0","Mask":"AP8A/w=="}}',
    ],
  ])('refuses %s', (_, value) => {
    expect(parseNodeEntry('a', value)).toHaveProperty('problem')
  })
})

describe('Go prefixes', () => {
  it('are read back as they were written', () => {
    const ip = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    )
    fc.assert(
      fc.property(ip, fc.nat({ max: 128 }), (bytes, length) => {
        const cidr = `${formatIp(bytes)}/${Math.min(length, bytes.length * 8)}`
        const net = goIpNetOfCidr(cidr)
        expect(net).not.toBeNull()
        if (net !== null) expect(goIpNetOfCidr(cidrOfGoIpNet(net) ?? '')).toEqual(net)
      }),
    )
    expect(goIpNetOfCidr('nonsense')).toBeNull()
    expect(formatCidr({ address: Uint8Array.of(10, 4, 0, 0), prefixLength: 24 })).toBe(
      cidrOfGoIpNet({ IP: '10.4.0.0', Mask: '////AA==' }),
    )
  })

  it('never throw', () => {
    fc.assert(fc.property(fc.string(), fc.base64String(), (IP, Mask) => void cidrOfGoIpNet({ IP, Mask })))
    fc.assert(fc.property(fc.json(), (text) => void parseIpEntry('10.0.0.1', text)))
    fc.assert(fc.property(fc.json(), (text) => void parseNodeEntry('a', text)))
  })
})
