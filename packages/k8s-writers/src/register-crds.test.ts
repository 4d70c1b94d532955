import { describe, expect, it } from 'vitest'
import { registerCustomResourceDefinitions } from './index.ts'
import { type ObjectServer, startObjectServer } from './testing/object-server.ts'

const collection = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const names = ['ciliumnodes.cilium.io', 'ciliumidentities.cilium.io', 'ciliumendpoints.cilium.io']
const established = { status: { conditions: [{ type: 'Established', status: 'True' }] } }

function register(server: ObjectServer) {
  return registerCustomResourceDefinitions({ client: server.client, signal: AbortSignal.timeout(10_000) })
}

/** What the apiserver does: a definition is established some time after it was written. */
function establishOnThirdRead(server: ObjectServer): void {
  const reads = new Map<string, number>()
  server.before = ({ method, path }) => {
    if (method !== 'GET' || !server.objects.has(path)) return
    const count = (reads.get(path) ?? 0) + 1
    reads.set(path, count)
    if (count === 3) server.change(path, established)
  }
}

describe('registerCustomResourceDefinitions', () => {
  it('creates what is missing and waits until it is served', async () => {
    await using server = await startObjectServer([collection])
    establishOnThirdRead(server)
    await register(server)
    expect([...server.objects.keys()].sort()).toEqual(names.map((name) => `${collection}/${name}`).sort())
    for (const stored of server.objects.values()) expect(stored).toMatchObject(established)
    expect(server.objects.get(`${collection}/ciliumnodes.cilium.io`)).toMatchObject({
      metadata: { labels: { 'axoneme.io/schema-version': '2' } },
      spec: { group: 'cilium.io', scope: 'Cluster', names: { shortNames: ['cn', 'ciliumn'] } },
    })
  })

  it.each([
    { what: 'an older one of ours', labels: { 'axoneme.io/schema-version': '1' }, isPatched: true },
    { what: 'the same', labels: { 'axoneme.io/schema-version': '2' }, isPatched: false },
    { what: 'a newer one of ours', labels: { 'axoneme.io/schema-version': '3' }, isPatched: false },
    { what: "Cilium's", labels: { 'io.cilium.k8s.crd.schema.version': '1.30.0' }, isPatched: false },
    { what: 'a broken label', labels: { 'axoneme.io/schema-version': '-1' }, isPatched: false },
  ])('$what: patched $isPatched', async ({ labels, isPatched }) => {
    await using server = await startObjectServer([collection])
    for (const name of names)
      server.change(`${collection}/${name}`, { metadata: { name, labels }, ...established })
    await register(server)
    expect(server.writes.sort()).toEqual(
      isPatched ? names.map((name) => `PATCH ${collection}/${name}`).sort() : [],
    )
    if (!isPatched) return
    await register(server)
    expect(server.writes).toHaveLength(names.length)
  })

  it('bears another operator that is faster', async () => {
    await using server = await startObjectServer([collection])
    server.before = ({ method, body }) => {
      if (method !== 'POST') return
      const { metadata } = JSON.parse(body) as { metadata: { name: string } }
      server.change(`${collection}/${metadata.name}`, { metadata, ...established })
    }
    await register(server)
    expect(server.objects.size).toBe(3)
  })

  it('a name that is taken is an error that says so', async () => {
    await using server = await startObjectServer([collection])
    const conditions = [{ type: 'NamesAccepted', status: 'False', message: '"cn" is already in use' }]
    server.change(`${collection}/ciliumnodes.cilium.io`, { metadata: { name: 'x' }, status: { conditions } })
    for (const name of names.slice(1))
      server.change(`${collection}/${name}`, { metadata: { name }, ...established })
    await expect(register(server)).rejects.toMatchObject({
      code: 'CUSTOM_RESOURCE',
      retryable: false,
      message: expect.stringContaining('"cn" is already in use'),
    })
  })
})
