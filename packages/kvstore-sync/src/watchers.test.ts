import type { IpIdentityRow, NodeRow } from '@axoneme/ipcache'
import {
  createEmbeddedKvstore,
  createEmbeddedLink,
  createEmbeddedStore,
  type EmbeddedStore,
  type Kvstore,
} from '@axoneme/kvstore'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createIdentityTable, startIdentityWatcher } from './identity-table.ts'
import { createIpTable, parseIpEntry, startIpWatcher } from './ip-entries.ts'
import { createNodeRowTable, nodeEntryOf, startNodeWatcher } from './node-entries.ts'
import { identityPaths, ipPrefix, nodePrefix } from './paths.ts'
import { TestCluster, until } from './testing/cluster.ts'

let cluster: TestCluster
let data: EmbeddedStore
let store: Kvstore
beforeEach(async () => {
  cluster = new TestCluster()
  data = createEmbeddedStore({ historyCommits: 4 })
  store = await cluster.openEmbedded(data)
})
afterEach(async () => {
  await cluster[Symbol.asyncDispose]()
  expect(cluster.problems()).toEqual([])
})

const ipValue = (ip: string, id: number, hostIp = '10.1.0.1') =>
  JSON.stringify({ IP: ip, HostIP: hostIp, ID: id })

describe('identities', () => {
  it('has the reserved ones at once, and is initialised with all others', async () => {
    await store.put(`${identityPaths.idPrefix}300`, 'k8s:app=a;')
    const table = createIdentityTable()
    expect(table.get('1')?.labels).toEqual({ 'reserved:host': '' })
    expect(table.initialized).toBe(false)
    const { log, signal } = cluster
    cluster.keep(startIdentityWatcher({ store, table, log, signal }))
    await table.whenInitialized(signal)
    expect(table.byIndex('labels', 'k8s:app=a;')).toEqual([{ id: 300, labels: { 'k8s:app': 'a' } }])
    const { modRevision = 0 } = (await store.get(`${identityPaths.idPrefix}300`)) ?? {}
    expect(table.position).toMatchObject({ revision: modRevision, latest: modRevision })
    await store.put(`${identityPaths.idPrefix}1`, 'k8s:app=evil;')
    await store.put(`${identityPaths.idPrefix}301`, 'k8s:app=b;')
    await until(() => table.has('301'))
    await store.delete(`${identityPaths.idPrefix}1`)
    await store.delete(`${identityPaths.idPrefix}301`)
    await until(() => !table.has('301'))
    expect(table.get('1')?.labels).toEqual({ 'reserved:host': '' })
  })
})

describe('ips', () => {
  const start = (table = createIpTable(), from = store) => {
    const { log, signal } = cluster
    cluster.keep(startIpWatcher({ store: from, table, cluster: 'default', log, signal }))
    return table
  }

  it('finds addresses by host, and logs a bad entry once', async () => {
    const prefix = ipPrefix('default')
    await store.put(`${prefix}10.0.0.1`, ipValue('10.0.0.1', 300))
    await store.put(`${prefix}10.0.0.2`, ipValue('10.0.0.2', 300, '10.1.0.2'))
    await store.put(`${ipPrefix('other')}10.9.0.1`, ipValue('10.9.0.1', 300))
    await store.put(`${prefix}10.0.0.3`, 'nonsense')
    const table = start()
    await table.whenInitialized(cluster.signal)
    expect([...table.rows()].filter((row) => row.hostIp === '10.1.0.2').map(({ ip }) => ip)).toEqual([
      '10.0.0.2',
    ])
    expect(table.size).toBe(2)
    await store.put(`${prefix}10.0.0.3`, 'still nonsense')
    await store.put(`${prefix}10.0.0.1`, 'now nonsense')
    await until(() => table.size === 1)
    await store.put(`${prefix}10.0.0.1`, ipValue('10.0.0.1', 301))
    await until(() => table.get('10.0.0.1')?.identity === 301)
    const ignored = cluster.events.filter(({ message }) => message === 'entry ignored')
    expect(ignored.map(({ fields }) => fields.key)).toEqual([`${prefix}10.0.0.3`, `${prefix}10.0.0.1`])
  })

  it('equals the store after any interruption', async () => {
    const step = fc.record({
      do: fc.constantFrom('put', 'put', 'bad', 'delete', 'cut', 'restore', 'compact', 'pause'),
      host: fc.integer({ min: 1, max: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 50, size: 'max' }), async (steps) => {
        await store.deletePrefix(ipPrefix('default'))
        const link = createEmbeddedLink()
        const { log, signal } = cluster
        const random = () => 0.01
        await using reader = await createEmbeddedKvstore({ store: data, link, log, signal, random })
        const table = createIpTable()
        await using _watcher = startIpWatcher({ store: reader, table, cluster: 'default', log, signal })
        for (const [i, { do: what, host }] of steps.entries()) {
          const ip = `10.0.0.${host}`
          if (what === 'put') await store.put(ipPrefix('default') + ip, ipValue(ip, 300 + i))
          if (what === 'bad') await store.put(ipPrefix('default') + ip, '{}')
          if (what === 'delete') await store.delete(ipPrefix('default') + ip)
          if (what === 'cut' || what === 'restore') link.setReachable(what === 'restore')
          if (what === 'compact') data.compact()
          if (what === 'pause') await new Promise((resolve) => setTimeout(resolve, 1))
        }
        link.setReachable(true)
        await store.put(`${ipPrefix('default')}10.0.0.99`, ipValue('10.0.0.99', 999))
        await until(() => table.has('10.0.0.99') && table.initialized)
        expect(sorted(table.rows())).toEqual(sorted(await wantedRows()))
      }),
      { numRuns: 40 },
    )
  }, 60_000)

  async function wantedRows(): Promise<IpIdentityRow[]> {
    const prefix = ipPrefix('default')
    const parsed = (await store.listPrefix(prefix)).map(({ key, value }) =>
      parseIpEntry(key.slice(prefix.length), value),
    )
    return parsed.flatMap((entry) => ('row' in entry ? [entry.row] : []))
  }

  function sorted(rows: Iterable<IpIdentityRow>): IpIdentityRow[] {
    return [...rows].sort((a, b) => (a.ip < b.ip ? -1 : 1))
  }
})

describe('nodes', () => {
  it('carries a node from one row to another', async () => {
    const row: NodeRow = {
      name: 'n1',
      cluster: 'default',
      internalIp: '10.1.0.1',
      routerIp: '10.0.1.1',
      podCidrs: ['10.0.1.0/24'],
      encryptKey: 0,
      labels: { zone: 'a' },
    }
    const { key, value } = nodeEntryOf(row)
    await store.put(nodePrefix('default') + key, value, { leased: true })
    const table = createNodeRowTable()
    const { log, signal } = cluster
    cluster.keep(startNodeWatcher({ store, table, cluster: 'default', log, signal }))
    await table.whenInitialized(signal)
    expect([...table.rows()]).toEqual([row])
    data.revokeLease(store.status().leaseId)
    await until(() => table.size === 0)
  })
})
