import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EndpointRow } from '@axoneme/endpoint'
import { createJson, deleteJson, getJson, patchJson } from '@axoneme/k8s-client'
import { ciliumEndpointContent, ciliumEndpointTarget } from '@axoneme/k8s-writers'
import { createLogger } from '@axoneme/log'
import type { SlimPod } from '@axoneme/slim-types'
import { createTable } from '@axoneme/tables'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEndpointRecords } from './endpoint-records.ts'
import { keepCiliumEndpoints } from './own-cilium-endpoints.ts'
import { createTables } from './tables.ts'
import { startTestApiserver, type TestApiserver } from './testing/test-apiserver.ts'

const log = createLogger({ sink: () => {}, level: 'error' })
const nodeIp = '10.132.0.2'
const collection = '/apis/cilium.io/v2/namespaces/default/ciliumendpoints'

type Stored = { metadata: { uid: string; [key: string]: unknown }; status: { [key: string]: unknown } }

const endpointOf = (podName: string, changes: Partial<EndpointRow> = {}): EndpointRow => ({
  id: 1062,
  containerId: `c-${podName}`,
  ifName: 'eth0',
  netnsPath: '/run/netns/x',
  namespace: 'default',
  podName,
  podUid: `uid-${podName}`,
  ipv4: '10.4.0.173',
  podMac: '02:00:00:00:00:01',
  hostMac: '02:00:00:00:00:02',
  hostIfName: 'lxc000000000001',
  labels: { 'k8s:app': 'bench', 'k8s:io.kubernetes.pod.namespace': 'default' },
  identity: 63_887,
  state: 'ready',
  ...changes,
})

const podOf = (name: string, labels: Record<string, string> = { app: 'bench' }): SlimPod => ({
  ...{ name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '1', labels },
  ...{ nodeName: 'node-1', serviceAccount: 'default', hostNetwork: false, phase: 'Running' },
  ...{ hostIP: nodeIp, podIPs: [], ports: [], deleting: false },
})

let server: TestApiserver
let directory: string
beforeAll(async () => {
  server = await startTestApiserver(AbortSignal.timeout(30_000))
  directory = mkdtempSync(join(tmpdir(), `axo-records-${process.pid}-`))
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true })
})

/** A life of an agent: what it knows, and its records, which the next life has too. */
function startLife(name: string) {
  const tables = createTables()
  const stop = new AbortController()
  const records = openEndpointRecords(join(directory, name), log)
  const { signal } = stop
  const kept = keepCiliumEndpoints({ client: server.client, tables, nodeIp, records, log, signal })
  return {
    tables,
    records,
    begin() {
      tables.pods.markInitialized()
      tables.endpoints.markInitialized()
    },
    settled: () => kept.reconciler.settled(),
    status: kept.reconciler.status,
    async [Symbol.asyncDispose]() {
      stop.abort(new DOMException('stopped', 'AbortError'))
      await kept.running
      await kept.reconciler[Symbol.asyncDispose]()
    },
  }
}

const read = async (name: string) => (await getJson(server.client, `${collection}/${name}`)) as Stored

describe('CiliumEndpoints of a node', () => {
  it('have the content that Cilium writes', async () => {
    const file = new URL('../../../../shared/data/cilium/ciliumendpoints.json', import.meta.url)
    const { items } = JSON.parse(readFileSync(file, 'utf8')) as {
      items: {
        metadata: { name: string; labels: Record<string, string>; ownerReferences: [{ uid: string }] }
        status: Record<string, never>
      }[]
    }
    expect(items.length).toBeGreaterThan(1)
    for (const { metadata, status } of items) {
      const [{ uid }] = metadata.ownerReferences
      const { id, identity, networking } = status as unknown as {
        id: number
        identity: { id: number; labels: string[] }
        networking: { addressing: [{ ipv4: string }]; node: string }
      }
      const endpoint = endpointOf(metadata.name, {
        ...{ id, podUid: uid, identity: identity.id, ipv4: networking.addressing[0].ipv4 },
        containerId: status['external-identifiers']?.['container-id'] ?? '',
        namespace: status['external-identifiers']?.['k8s-namespace'] ?? '',
        labels: Object.fromEntries(
          identity.labels.map((text) => {
            const at = text.indexOf('=')
            return [text.slice(0, at), text.slice(at + 1)]
          }),
        ),
      })
      const content = ciliumEndpointContent(endpoint, {
        pod: { uid, labels: metadata.labels },
        nodeIp: networking.node,
      })
      expect(content?.status).toEqual(status)
      expect(content?.labels).toEqual(metadata.labels)
    }
  })

  it('are created once, when complete; patched when something changed; not touched by a restart', async () => {
    {
      await using life = startLife('a')
      life.tables.pods.upsert(podOf('web'))
      life.tables.endpoints.upsert(endpointOf('web', { identity: 0, state: 'waiting-for-identity' }))
      life.begin()
      await life.settled()
      expect(server.takeCalls()).toEqual([])
      life.tables.endpoints.upsert(endpointOf('web'))
      await expect.poll(() => life.records.keys()).toEqual(['default/web'])
      expect(server.takeCalls()).toEqual(['POST ciliumendpoints 201'])
      expect(await read('web')).toMatchObject({
        metadata: {
          labels: { app: 'bench' },
          ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'uid-web' }],
        },
        status: { id: 1062, identity: { id: 63_887 }, state: 'ready' },
      })
      expect(await server.kubectl('get', 'cep', 'web')).toMatch(/63887 +ready +10\.4\.0\.173/)
      server.takeCalls()

      // Many changes, few writes: those that come while one waits for its turn go along.
      for (let version = 1; version <= 20; version++) {
        life.tables.pods.upsert(podOf('web', { app: 'bench', version: String(version) }))
        await new Promise(setImmediate)
      }
      await expect.poll(() => life.records.get('default/web')?.content.labels.version).toBe('20')
      const patches = server.takeCalls()
      expect(new Set(patches)).toEqual(new Set(['PATCH ciliumendpoints 200']))
      expect(patches.length).toBeLessThanOrEqual(3)
      life.tables.pods.upsert(podOf('web', { version: '20' }))
      await expect.poll(async () => (await read('web')).metadata.labels).toEqual({ version: '20' })
    }
    server.takeCalls()
    await using life = startLife('a')
    life.tables.pods.upsert(podOf('web', { version: '20' }))
    life.tables.endpoints.upsert(endpointOf('web'))
    life.begin()
    await expect.poll(() => life.status.get('default/web')?.state).toBe('done')
    await life.settled()
    expect(server.takeCalls()).toEqual([])
  })

  it('go with their endpoint, also when it went while nobody looked', async () => {
    {
      await using life = startLife('b')
      for (const name of ['stays', 'goes', 'went']) {
        life.tables.pods.upsert(podOf(name))
        life.tables.endpoints.upsert(endpointOf(name, { id: name.length * 10 + name.charCodeAt(1) }))
      }
      life.begin()
      await expect.poll(() => life.records.keys().length, { timeout: 10_000 }).toBe(3)
      const [goes] = life.tables.endpoints.byIndex('pod', 'default/goes')
      life.tables.endpoints.delete(String(goes?.id))
      await expect.poll(() => life.records.keys().length).toBe(2)
    }
    await using life = startLife('b')
    life.tables.pods.upsert(podOf('stays'))
    life.tables.endpoints.upsert(endpointOf('stays', { id: 166 }))
    server.takeCalls()
    life.begin()
    await expect.poll(() => life.records.keys()).toEqual(['default/stays'])
    expect(server.takeCalls()).toContain('DELETE ciliumendpoints 200')
    const { items } = (await getJson(server.client, collection)) as { items: Stored[] }
    expect(items.map(({ metadata }) => metadata.name)).not.toContain('went')
    expect(items.map(({ metadata }) => metadata.name)).toContain('stays')
  })

  it('replace one of the same name; who knew the old one does not take it for that', async () => {
    const name = 'db-0'
    const old = (await createJson(server.client, collection, {
      body: { apiVersion: 'cilium.io/v2', kind: 'CiliumEndpoint', metadata: { name } },
    })) as Stored
    await using life = startLife('c')
    await using former = startLife('d')
    life.tables.pods.upsert(podOf(name))
    life.tables.endpoints.upsert(endpointOf(name))
    server.takeCalls()
    life.begin()
    await expect.poll(() => life.records.keys()).toEqual([`default/${name}`])
    expect(server.takeCalls()).toEqual([
      'POST ciliumendpoints 409',
      'DELETE ciliumendpoints 200',
      'POST ciliumendpoints 201',
    ])
    const content = life.records.get(`default/${name}`)?.content
    if (content === undefined) throw new Error('no record')
    former.records.set(`default/${name}`, { uid: old.metadata.uid, content })
    former.begin()
    await expect.poll(() => former.records.keys()).toEqual([])
    expect((await read(name)).metadata.uid).toBe(life.records.get(`default/${name}`)?.uid)
  })

  it('take along what changed while a write waited for its turn', async () => {
    const records = openEndpointRecords(join(directory, 'f'), log)
    const contentOf = (version: string) => {
      const content = ciliumEndpointContent(endpointOf('queue'), { pod: podOf('queue', { version }), nodeIp })
      if (content === undefined) throw new Error('no content')
      return content
    }
    const table = createTable<ReturnType<typeof contentOf>>({ name: 'wanted', key: () => 'default/queue' })
    const turn = Promise.withResolvers<void>()
    const pace = () => turn.promise
    const target = ciliumEndpointTarget({ client: server.client, table, records, pace })
    const signal = AbortSignal.timeout(10_000)
    server.takeCalls()
    table.upsert(contentOf('1'))
    const writing = target.update(contentOf('1'), signal)
    table.upsert(contentOf('2'))
    turn.resolve()
    await writing
    await target.update(contentOf('2'), signal)
    expect(server.takeCalls()).toEqual(['POST ciliumendpoints 201'])
    expect((await read('queue')).metadata.labels).toEqual({ version: '2' })
  })

  it('are compared with the apiserver from time to time, and made right again', async () => {
    await using life = startLife('e')
    life.tables.pods.upsert(podOf('cart'))
    life.tables.endpoints.upsert(endpointOf('cart'))
    life.begin()
    await expect.poll(() => life.records.keys()).toEqual(['default/cart'])
    const row = life.records.get('default/cart')?.content
    if (row === undefined) throw new Error('no record')
    const table = createTable<typeof row>({ name: 'wanted', key: () => 'default/cart' })
    table.upsert(row)
    const pace = async () => {}
    const target = ciliumEndpointTarget({ client: server.client, table, records: life.records, pace })
    const check = () => target.prune?.([row], AbortSignal.timeout(10_000))
    await check()
    server.takeCalls()
    await check()
    expect(server.takeCalls()).toEqual(['GET ciliumendpoints 200'])
    expect(life.records.get('default/cart')?.uid).toBe((await read('cart')).metadata.uid)
    const body = { status: { identity: { id: 1 } } }
    await patchJson(server.client, `${collection}/cart`, { type: 'merge', body })
    await check()
    expect((await read('cart')).status).toMatchObject({ identity: { id: 63_887 } })
    await deleteJson(server.client, `${collection}/cart`)
    await check()
    expect((await read('cart')).metadata.uid).toBe(life.records.get('default/cart')?.uid)
  })
})

it('records survive as they were, and damaged ones are dropped', () => {
  const path = join(directory, 'records')
  const content = ciliumEndpointContent(endpointOf('a'), { pod: podOf('a'), nodeIp })
  if (content === undefined) throw new Error('no content')
  openEndpointRecords(path, log).set('default/a', { uid: 'u', content })
  writeFileSync(join(path, 'damaged.json'), '{"uid":"u","content":{}}')
  expect(openEndpointRecords(path, log).get('default/a')).toEqual({ uid: 'u', content })
  expect(openEndpointRecords(path, log).keys()).toEqual(['default/a'])
})
