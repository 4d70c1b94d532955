import { readFileSync } from 'node:fs'
import { ciliumNodeDecoder, createInterner } from '@axoneme/slim-types'
import { describe, expect, it } from 'vitest'
import { ciliumNodePath, ciliumNodesPath } from './cilium-node.ts'
import { type CiliumNodeContent, patchCiliumNodePodCidrs, saysCiliumNode, writeCiliumNode } from './index.ts'
import { type ObjectServer, startObjectServer } from './testing/object-server.ts'

const signal = AbortSignal.timeout(20_000)
const node: CiliumNodeContent = {
  name: 'node-1',
  labels: { 'kubernetes.io/os': 'linux', zone: 'a' },
  addresses: [{ type: 'InternalIP', ip: '10.132.0.2' }],
  owner: { apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: 'uid-1' },
}
const path = ciliumNodePath('node-1')

const decoder = ciliumNodeDecoder(createInterner())
const knownTo = (server: ObjectServer) => {
  const stored = server.objects.get(path)
  return stored === undefined ? undefined : decoder.fromJson(stored)
}
const write = (server: ObjectServer, changes: Partial<CiliumNodeContent> = {}, known = knownTo(server)) =>
  writeCiliumNode({ client: server.client, node: { ...node, ...changes }, known, signal })

describe('writeCiliumNode', () => {
  it('creates the node whole, once, and looks at nothing', async () => {
    await using server = await startObjectServer([ciliumNodesPath])
    const methods: string[] = []
    server.before = ({ method }) => methods.push(method)
    expect(await write(server)).toBe('created')
    expect(server.objects.get(path)).toMatchObject({
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumNode',
      metadata: { name: 'node-1', labels: node.labels, ownerReferences: [node.owner] },
      spec: { addresses: node.addresses, ipam: {} },
    })
    expect(saysCiliumNode(knownTo(server), node)).toBe(true)
    expect(await write(server)).toBe('unchanged')
    expect(methods).toEqual(['POST'])
  })

  it.each<Partial<CiliumNodeContent>>([
    { labels: { zone: 'b', more: 'x' } },
    { labels: {} },
    { addresses: [...node.addresses, { type: 'CiliumInternalIP', ip: '10.4.0.155' }] },
    { labels: {}, owner: { ...node.owner, uid: 'uid-2' } },
    { podCidrs: ['10.5.0.0/24'] },
  ])('patches what differs and leaves the rest: %j', async (changes) => {
    await using server = await startObjectServer([ciliumNodesPath])
    await write(server)
    server.change(path, { spec: { ipam: { podCIDRs: ['10.4.0.0/24'] }, bootid: 'kept' } })
    expect(saysCiliumNode(knownTo(server), { ...node, ...changes })).toBe(false)
    expect(await write(server, changes)).toBe('patched')
    const want = { ...node, ...changes }
    expect(server.objects.get(path)).toMatchObject({
      metadata: { ownerReferences: [want.owner] },
      spec: {
        addresses: want.addresses,
        ipam: { podCIDRs: want.podCidrs ?? ['10.4.0.0/24'] },
        bootid: 'kept',
      },
    })
    expect(server.objects.get(path)).toHaveProperty('metadata.labels', want.labels)
    expect(await write(server, changes)).toBe('unchanged')
  })

  it('takes over a CiliumNode that a Cilium wrote', async () => {
    await using server = await startObjectServer([ciliumNodesPath])
    const file = new URL('../../../../shared/data/cilium/ciliumnodes.json', import.meta.url)
    const [real] = (JSON.parse(readFileSync(file, 'utf8')) as { items: [{ [key: string]: unknown }] }).items
    server.change(path, real)
    expect(await write(server)).toBe('patched')
    expect(server.objects.get(path)).toMatchObject({
      spec: { ipam: { podCIDRs: ['10.4.0.0/24'] }, bootid: '6bf8f8bf-33d5-45d4-bc65-4db059b9e82d' },
    })
  })

  it('says what is missing when the cluster does not know CiliumNodes', async () => {
    await using server = await startObjectServer([])
    await expect(write(server)).rejects.toMatchObject({
      code: 'CILIUM_NODE',
      retryable: true,
      hint: expect.stringContaining('operator'),
    })
  })

  it('is refused, to be tried again, when the watch was behind', async () => {
    await using server = await startObjectServer([ciliumNodesPath])
    await write(server)
    const behind = knownTo(server)
    const refused = { code: 'CILIUM_NODE', retryable: true }
    await expect(
      writeCiliumNode({ client: server.client, node, known: undefined, signal }),
    ).rejects.toMatchObject(refused)
    server.objects.delete(path)
    await expect(write(server, { labels: {} }, behind)).rejects.toMatchObject(refused)
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
    await write(server)
    expect(await assign(server, ['10.4.0.0/24'])).toEqual({ kind: 'written' })
    expect(await assign(server, ['10.4.0.0/24'])).toEqual({ kind: 'unchanged' })
    expect(server.objects.get(path)).toHaveProperty('spec.ipam.podCIDRs', ['10.4.0.0/24'])
    expect(server.writes).toHaveLength(2)
  })

  it('does not change what another operator gave', async () => {
    await using server = await startObjectServer([ciliumNodesPath])
    await write(server)
    await assign(server, ['10.4.0.0/24'])
    expect(await assign(server, ['10.4.1.0/24'])).toEqual({ kind: 'taken', podCidrs: ['10.4.0.0/24'] })
    expect(await assign(server, ['10.4.1.0/24'], ['10.4.0.0/24'])).toEqual({ kind: 'written' })
    expect(server.objects.get(path)).toHaveProperty('spec.ipam.podCIDRs', ['10.4.1.0/24'])
  })

  it('does not overwrite what another operator gives between the look and the write', async () => {
    await using server = await startObjectServer([ciliumNodesPath])
    await write(server)
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
    await write(server)
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
