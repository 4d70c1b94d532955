import { createEndpointTable, type EndpointRow } from '@axoneme/endpoint'
import { createEmbeddedKvstore, createEmbeddedLink, createEmbeddedStore } from '@axoneme/kvstore'
import { createIpTable, ipPrefix, startIpWatcher } from '@axoneme/kvstore-sync'
import { Scope } from '@axoneme/lifecycle'
import { createLogger } from '@axoneme/log'
import { expect, it } from 'vitest'
import { createOwnIps, publishOwnIps } from './own-keys.ts'

const log = createLogger({ sink: () => {}, level: 'error' })
const prefix = ipPrefix('default')
const node = { name: 'node-1', cluster: 'default', internalIp: '192.0.2.7', encryptKey: 0 }

const endpointOf = (id: number, changes: Partial<EndpointRow> = {}): EndpointRow => ({
  ...{ id, containerId: `c${id}`, ifName: 'eth0', netnsPath: '', namespace: 'shop', podName: `p${id}` },
  ...{ podUid: '', ipv4: `10.1.0.${id}`, podMac: '', hostMac: '', hostIfName: '', labels: {} },
  ...{ identity: 300, state: 'ready', ...changes },
})
const entryOf = (ip: string, HostIP: string) => JSON.stringify({ IP: ip, HostIP, ID: 300 })

it('tells of the endpoints, and removes what an earlier run told of others, though the store fails at first', async () => {
  await using scope = new Scope('test', { signal: AbortSignal.timeout(20_000) })
  const link = createEmbeddedLink()
  const store = scope.use(
    await createEmbeddedKvstore({ store: createEmbeddedStore(), link, log, signal: scope.signal }),
  )
  await store.put(`${prefix}10.1.0.9`, entryOf('10.1.0.9', node.internalIp))
  await store.put(`${prefix}10.1.0.2`, entryOf('10.1.0.2', node.internalIp))
  await store.put(`${prefix}10.2.0.9`, entryOf('10.2.0.9', '192.0.2.8'))
  const [known, endpoints] = [createIpTable(), createEndpointTable()]
  const parts = { store, cluster: 'default', nodeCount: () => 1, log, scope }
  const ips = createOwnIps(parts)
  const watch = { store, log, signal: scope.signal, cluster: 'default', table: known }
  scope.use(startIpWatcher({ ...watch, afterEvent: (event) => ips.observe(event) }))
  await known.whenInitialized(scope.signal)

  endpoints.upsert(endpointOf(2))
  endpoints.upsert(endpointOf(3, { identity: 0, state: 'waiting-for-identity' }))
  link.setReachable(false)
  publishOwnIps(ips, { ...parts, node, endpoints, known })
  endpoints.markInitialized()
  await new Promise(setImmediate)
  link.setReachable(true)
  const stored = async () =>
    (await store.listPrefix(prefix)).map(({ key }) => key.slice(prefix.length)).sort()
  await expect.poll(stored, { timeout: 10_000 }).toEqual(['10.1.0.2', '10.2.0.9'])
  expect(JSON.parse((await store.get(`${prefix}10.1.0.2`))?.value ?? '')).toMatchObject({ K8sPodName: 'p2' })

  endpoints.upsert(endpointOf(3))
  await expect.poll(stored).toEqual(['10.1.0.2', '10.1.0.3', '10.2.0.9'])
  // The address goes from one endpoint to another.
  endpoints.upsert(endpointOf(4, { ipv4: '10.1.0.2' }))
  endpoints.delete('2')
  await ips.settled()
  await expect.poll(async () => (await store.get(`${prefix}10.1.0.2`))?.value).toContain('"p4"')
  endpoints.delete('4')
  await expect.poll(stored).toEqual(['10.1.0.3', '10.2.0.9'])
})
