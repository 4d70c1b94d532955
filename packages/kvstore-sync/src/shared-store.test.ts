import {
  createEmbeddedKvstore,
  createEmbeddedLink,
  createEmbeddedStore,
  type EmbeddedStore,
  type Kvstore,
} from '@axoneme/kvstore'
import { startEtcd } from '@axoneme/kvstore/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSharedStore } from './shared-store.ts'
import { TestCluster, until } from './testing/cluster.ts'

const prefix = 'cilium/state/ip/v1/default/'
const never = { baseMs: 2 ** 30, jitter: 0 }

let cluster: TestCluster
let data: EmbeddedStore
let other: Kvstore
beforeEach(async () => {
  cluster = new TestCluster()
  data = createEmbeddedStore()
  other = await cluster.openEmbedded(data)
})
afterEach(async () => {
  await cluster[Symbol.asyncDispose]()
  expect(cluster.problems()).toEqual([])
})

const shared = (store: Kvstore, options = {}) =>
  cluster.keep(
    createSharedStore({ store, prefix, log: cluster.log, signal: cluster.signal, resync: never, ...options }),
  )
const stored = async (key: string) => (await other.get(prefix + key))?.value

describe('shared store', () => {
  it('writes, changes and removes its entries, bound to the lease', async () => {
    const store = await cluster.openEmbedded(data)
    const entries = shared(store)
    entries.set('a', '1')
    entries.set('b', '1')
    await entries.settled()
    expect([await stored('a'), await stored('b')]).toEqual(['1', '1'])
    entries.set('a', '2')
    entries.remove('b')
    await entries.settled()
    expect([await stored('a'), await stored('b')]).toEqual(['2', undefined])
    expect([...entries.status.rows()].map(({ key, state }) => `${key} ${state}`)).toEqual(['a done'])
    await entries[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    expect(await stored('a')).toBe('2')
    data.expireAllLeases()
    expect(await stored('a')).toBeUndefined()
  })

  it('writes everything again when the lease was replaced', async () => {
    const store = await cluster.openEmbedded(data)
    const entries = shared(store)
    entries.set('a', '1')
    entries.set('b', '1')
    await entries.settled()
    const { leaseId } = store.status()
    data.revokeLease(leaseId)
    // Nobody writes: the loss shows itself by the watch of the own entries.
    await until(async () => (await stored('a')) === '1' && (await stored('b')) === '1')
    expect(store.status().leaseId).not.toBe(leaseId)
    data.revokeLease(leaseId)
    expect(await stored('a')).toBe('1')
  })

  it('binds entries of an earlier life to the new lease', async () => {
    const before = await cluster.openEmbedded(data)
    await before.put(`${prefix}a`, '1', { leased: true })
    const store = await cluster.openEmbedded(data)
    const entries = shared(store)
    entries.set('a', '1')
    await entries.settled()
    data.revokeLease(before.status().leaseId)
    expect(await stored('a')).toBe('1')
  })

  it('puts back what somebody deletes or overwrites', async () => {
    const entries = shared(await cluster.openEmbedded(data))
    entries.set('a', '1')
    entries.set('b', '1')
    await entries.settled()
    await other.delete(`${prefix}a`)
    await other.put(`${prefix}b`, 'stolen')
    await until(async () => (await stored('a')) === '1' && (await stored('b')) === '1')
  })

  it('does not fight as fast as it can', async () => {
    const [first, second] = [
      shared(await cluster.openEmbedded(data)),
      shared(await cluster.openEmbedded(data)),
    ]
    const before = data.revision
    first.set('a', '1')
    second.set('a', '2')
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(data.revision - before).toBeLessThan(20)
  })

  it('leaves an entry alone that another has taken over', async () => {
    const entries = shared(await cluster.openEmbedded(data), { watch: false })
    entries.set('a', '1')
    await entries.settled()
    await other.put(`${prefix}a`, 'theirs')
    entries.remove('a')
    await entries.settled()
    expect(await stored('a')).toBe('theirs')
  })

  it('finds with the resync what it did not see', async () => {
    const resync = { baseMs: 20, jitter: 0.5 }
    const entries = shared(await cluster.openEmbedded(data), { watch: false, resync })
    entries.set('a', '1')
    await entries.settled()
    const written = data.revision
    await other.delete(`${prefix}a`)
    await until(async () => (await stored('a')) === '1')
    const revision = data.revision
    expect(revision).toBe(written + 2)
    await new Promise((resolve) => setTimeout(resolve, 100))
    // Comparing is not writing.
    expect(data.revision).toBe(revision)
  })

  it('sweeps what an earlier life left', async () => {
    const entries = shared(await cluster.openEmbedded(data))
    for (const key of ['mine-old', 'mine-new', 'theirs']) await other.put(prefix + key, key)
    entries.set('mine-new', '1')
    await entries.settled()
    expect(await entries.sweep((key) => key.startsWith('mine'))).toBe(1)
    expect((await other.listPrefix(prefix)).map(({ key }) => key.slice(prefix.length)).sort()).toEqual([
      'mine-new',
      'theirs',
    ])
  })

  it('carries on when the store comes back', async () => {
    const link = createEmbeddedLink()
    const { log, signal } = cluster
    const store = cluster.keep(await createEmbeddedKvstore({ store: data, link, log, signal }))
    const entries = shared(store)
    link.setReachable(false)
    entries.set('a', '1')
    await entries.settled()
    expect(entries.status.get('a')?.state).toBe('error')
    link.setReachable(true)
    await until(async () => (await stored('a')) === '1')
  })

  it('heals on etcd after the lease was revoked and after a restart without data', async () => {
    const etcd = cluster.keep(await startEtcd())
    const store = await cluster.openEtcd(etcd.endpoints)
    const reader = await cluster.openEtcd(etcd.endpoints)
    const entries = shared(store)
    const keys = Array.from({ length: 30 }, (_, i) => `10.0.0.${i}`)
    for (const key of keys) entries.set(key, key)
    await entries.settled()
    const all = async () => (await reader.listPrefix(prefix).catch(() => [])).length
    expect(await all()).toBe(30)
    await etcd.restart({ wipe: true })
    await until(async () => (await all()) === 30)
  }, 60_000)
})
