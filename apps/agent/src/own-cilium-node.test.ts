import { createJson, getJson } from '@axoneme/k8s-client'
import { Scope } from '@axoneme/lifecycle'
import { createLogger } from '@axoneme/log'
import {
  ciliumNodeDecoder,
  createInterner,
  nodeDecoder,
  type SlimCiliumNode,
  type SlimNode,
} from '@axoneme/slim-types'
import { describe, expect, it } from 'vitest'
import { ciliumNodeContent, keepCiliumNode } from './own-cilium-node.ts'
import { startReflectors } from './reflectors.ts'
import { createTables } from './tables.ts'
import { startTestApiserver } from './testing/test-apiserver.ts'

const interner = createInterner()
const [nodes, ciliumNodes] = [nodeDecoder(interner), ciliumNodeDecoder(interner)]
const node = (podCIDRs: string[] = [], addresses: object[] = []): SlimNode =>
  nodes.fromJson({
    metadata: { name: 'n', uid: 'u', resourceVersion: '1', labels: { zone: 'a' } },
    spec: { podCIDRs },
    status: { addresses: [{ type: 'InternalIP', address: '192.0.2.7' }, ...addresses] },
  })
const withRange = (podCIDRs: string[]) =>
  ciliumNodes.fromJson({ metadata: { name: 'n', resourceVersion: '1' }, spec: { ipam: { podCIDRs } } })
const internal = { type: 'InternalIP', ip: '192.0.2.7' }
const router = { type: 'CiliumInternalIP', ip: '10.1.0.1' }

describe('what the CiliumNode says', () => {
  const pool = { nodeName: 'n', nodeIp: '', ipamMode: 'cluster-pool' } as const
  const kubernetes = { ...pool, ipamMode: 'kubernetes' } as const
  const external = [{ type: 'ExternalIP', address: '198.51.100.7' }]
  it.each<{
    what: string
    node: SlimNode
    of: SlimCiliumNode | undefined
    options: Parameters<typeof ciliumNodeContent>[2]
    addresses: object[]
    podCidrs?: string[]
  }>([
    { what: 'the address alone at first', node: node(), of: undefined, options: pool, addresses: [internal] },
    {
      what: 'the router address once there is a range',
      ...{ node: node(), of: withRange(['fd00::/64', '10.1.0.0/24']), options: pool },
      addresses: [internal, router],
    },
    {
      what: 'external addresses too',
      ...{ node: node([], external), of: withRange(['10.1.0.0/24']), options: pool },
      addresses: [internal, { type: 'ExternalIP', ip: '198.51.100.7' }, router],
    },
    {
      what: 'no range that Kubernetes gave and this mode does not use',
      ...{ node: node(['10.9.0.0/24']), of: undefined, options: pool },
      addresses: [internal],
    },
    {
      what: 'the range of the Node in the other mode',
      ...{ node: node(['10.1.0.0/24']), of: undefined, options: kubernetes },
      ...{ addresses: [internal, router], podCidrs: ['10.1.0.0/24'] },
    },
    {
      what: 'the address that was configured',
      ...{ node: node(), of: undefined, options: { ...pool, nodeIp: '192.0.2.99' } },
      addresses: [{ type: 'InternalIP', ip: '192.0.2.99' }],
    },
  ])('is $what', ({ node, of, options, addresses, podCidrs }) => {
    expect(ciliumNodeContent(node, of, options)).toEqual({
      ...{ name: 'n', labels: { zone: 'a' }, addresses, podCidrs },
      owner: { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u' },
    })
  })

  it('is nothing without a Node, or a Node without an address', () => {
    expect(ciliumNodeContent(undefined, undefined, pool)).toBeUndefined()
    const bare = nodes.fromJson({ metadata: { name: 'n', uid: 'u', resourceVersion: '1' } })
    expect(ciliumNodeContent(bare, undefined, pool)).toBeUndefined()
  })
})

it('is written when it does not say what the node is, and by a restart not at all', {
  timeout: 60_000,
}, async () => {
  const signal = AbortSignal.timeout(50_000)
  await using server = await startTestApiserver(signal)
  const log = createLogger({ sink: () => {}, level: 'error' })
  const spec = { podCIDRs: ['10.1.0.0/24'] }
  const status = { addresses: [{ type: 'InternalIP', address: '192.0.2.7' }] }
  await createJson(server.client, '/api/v1/nodes', {
    body: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', labels: { zone: 'a' } }, spec },
  })
  await server.kubectl('patch', 'node', 'n', '--subresource=status', '-p', JSON.stringify({ status }))
  const writes = () => server.takeCalls().filter((call) => !call.startsWith('GET'))
  const read = () => getJson(server.client, '/apis/cilium.io/v2/ciliumnodes/n')
  writes()
  for (const life of ['first', 'second']) {
    await using scope = new Scope(life, { signal })
    const tables = createTables()
    const { client } = server
    startReflectors({ client, tables, nodeName: 'n', observe: () => {}, log, scope })
    const config = { nodeName: 'n', nodeIp: '', ipamMode: 'kubernetes' } as const
    const kept = keepCiliumNode({ client, tables, config, log, signal: scope.signal })
    scope.use(kept.reconciler)
    scope.run(() => kept.running)
    if (life === 'first') {
      await expect.poll(read, { timeout: 20_000 }).toMatchObject({
        metadata: { labels: { zone: 'a' }, ownerReferences: [{ kind: 'Node', name: 'n' }] },
        spec: { addresses: [internal, router], ipam: spec },
      })
      expect(writes()).toEqual(['POST ciliumnodes 201'])
      await server.kubectl('label', 'node', 'n', 'zone=b', '--overwrite')
      await expect.poll(read, { timeout: 20_000 }).toMatchObject({ metadata: { labels: { zone: 'b' } } })
      expect(writes()).toEqual(['PATCH ciliumnodes 200'])
      await expect.poll(() => tables.ciliumNodes.get('n')?.labels.zone, { timeout: 20_000 }).toBe('b')
    } else {
      await tables.kubernetesNodes.whenInitialized(signal)
      await tables.ciliumNodes.whenInitialized(signal)
      await kept.reconciler.settled()
      expect(writes()).toEqual([])
    }
  }
})
