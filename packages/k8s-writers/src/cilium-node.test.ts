import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ciliumNodePath, ciliumNodesPath } from './cilium-node.ts'
import { type CiliumNodeContent, ensureCiliumNode, patchCiliumNodePodCidrs } from './index.ts'
import { type ObjectServer, startObjectServer } from './testing/object-server.ts'

const signal = AbortSignal.timeout(20_000)
const node: CiliumNodeContent = {
  name: 'node-1',
  labels: { 'kubernetes.io/os': 'linux', zone: 'a' },
  addresses: [{ type: 'InternalIP', ip: '10.132.0.2' }],
  owner: { apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: 'uid-1' },
}
const path = ciliumNodePath('node-1')

const ensure = (server: ObjectServer, changes: Partial<CiliumNodeContent> = {}) =>
  ensureCiliumNode({ client: server.client, node: { ...node, ...changes }, signal })

describe('ensureCiliumNode', () => {
  it('creates the node whole, once', async () => {
    await using server = await startObjectServer([ciliumNodesPath])
    expect(await ensure(server)).toBe('created')
    expect(server.objects.get(path)).toMatchObject({
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumNode',
      metadata: { name: 'node-1', labels: node.labels, ownerReferences: [node.owner] },
      spec: { addresses: node.addresses, ipam: {} },
    })
    expect(await ensure(server)).toBe('unchanged')
    expect(server.writes).toEqual([`POST ${ciliumNodesPath}`])
  })

  it.each<Partial<CiliumNodeContent>>([
    { labels: { zone: 'b', more: 'x' } },
    { labels: {} },
    { addresses: [...node.addresses, { type: 'CiliumInternalIP', ip: '10.4.0.155' }] },
    { owner: { ...node.owner, uid: 'uid-2' } },
  ])('patches what differs and leaves the rest: %j', async (changes) => {
    await using server = await startObjectServer([ciliumNodesPath])
    await ensure(server)
    server.change(path, { spec: { ipam: { podCIDRs: ['10.4.0.0/24'] }, bootid: 'kept' } })
    expect(await ensure(server, changes)).toBe('patched')
    const want = { ...node, ...changes }
    expect(server.objects.get(path)).toMatchObject({
      metadata: { ownerReferences: [want.owner] },
      spec: { addresses: want.addresses, ipam: { podCIDRs: ['10.4.0.0/24'] }, bootid: 'kept' },
    })
    expect(server.objects.get(path)).toHaveProperty('metadata.labels', want.labels)
    expect(await ensure(server, changes)).toBe('unchanged')
  })

  it('takes over a CiliumNode that a Cilium wrote', async () => {
    await using server = await startObjectServer([ciliumNodesPath])
    const file = new URL('../../../../shared/data/cilium/ciliumnodes.json', import.meta.url)
    const [real] = (JSON.parse(readFileSync(file, 'utf8')) as { items: [{ [key: string]: unknown }] }).items
    server.change(path, real)
    expect(await ensure(server)).toBe('patched')
    expect(server.objects.get(path)).toMatchObject({
      spec: { ipam: { podCIDRs: ['10.4.0.0/24'] }, bootid: '6bf8f8bf-33d5-45d4-bc65-4db059b9e82d' },
    })
  })

  it('says what is missing when the cluster does not know CiliumNodes', async () => {
    await using server = await startObjectServer([])
    await expect(ensure(server)).rejects.toMatchObject({
      code: 'CILIUM_NODE',
      retryable: true,
      hint: expect.stringContaining('operator'),
    })
  })

  it('refuses an object that is none', async () => {
    await using server = await startObjectServer([ciliumNodesPath])
    server.change(path, { metadata: { name: 'node-1' }, spec: { addresses: 'none' } })
    await expect(ensure(server)).rejects.toMatchObject({ code: 'CILIUM_NODE', retryable: false })
  })
})

describe('patchCiliumNodePodCidrs', () => {
  const assign = (server: ObjectServer, podCidrs: string[], replaces?: string[]) =>
    patchCiliumNodePodCidrs({
      client: server.client,
      name: 'node-1',
      podCidrs,
      signal,
      ...(replaces === undefined ? {} : { replaces }),
    })

  it('gives a node its ranges, once', async () => {
    await using server = await startObjectServer([ciliumNodesPath])
    await ensure(server)
    expect(await assign(server, ['10.4.0.0/24'])).toEqual({ kind: 'written' })
    expect(await assign(server, ['10.4.0.0/24'])).toEqual({ kind: 'unchanged' })
    expect(server.objects.get(path)).toHaveProperty('spec.ipam.podCIDRs', ['10.4.0.0/24'])
    expect(server.writes).toHaveLength(2)
  })

  it('does not change what another operator gave', async () => {
    await using server = await startObjectServer([ciliumNodesPath])
    await ensure(server)
    await assign(server, ['10.4.0.0/24'])
    expect(await assign(server, ['10.4.1.0/24'])).toEqual({ kind: 'taken', podCidrs: ['10.4.0.0/24'] })
    expect(await assign(server, ['10.4.1.0/24'], ['10.4.0.0/24'])).toEqual({ kind: 'written' })
    expect(server.objects.get(path)).toHaveProperty('spec.ipam.podCIDRs', ['10.4.1.0/24'])
  })

  it('does not overwrite what another operator gives between the look and the write', async () => {
    await using server = await startObjectServer([ciliumNodesPath])
    await ensure(server)
    server.before = ({ method }) => {
      if (method !== 'PATCH') return
      server.before = undefined
      server.change(path, { spec: { ipam: { podCIDRs: ['10.4.7.0/24'] } } })
    }
    expect(await assign(server, ['10.4.0.0/24'])).toEqual({ kind: 'taken', podCidrs: ['10.4.7.0/24'] })
    expect(server.objects.get(path)).toHaveProperty('spec.ipam.podCIDRs', ['10.4.7.0/24'])
  })

  it('looks again when something else changed in between', async () => {
    await using server = await startObjectServer([ciliumNodesPath])
    await ensure(server)
    server.before = ({ method }) => {
      if (method !== 'PATCH') return
      server.before = undefined
      server.change(path, { spec: { bootid: 'new' } })
    }
    expect(await assign(server, ['10.4.0.0/24'])).toEqual({ kind: 'written' })
    expect(server.objects.get(path)).toHaveProperty('spec.ipam.podCIDRs', ['10.4.0.0/24'])
  })

  it('says when the node is gone', async () => {
    await using server = await startObjectServer([ciliumNodesPath])
    expect(await assign(server, ['10.4.0.0/24'])).toEqual({ kind: 'gone' })
  })
})
