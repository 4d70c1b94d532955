import { createEmbeddedStore, createRateLimiter, type EmbeddedStore, type Kvstore } from '@axoneme/kvstore'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { collectOnce } from './identity-gc.ts'
import { lockPath, masterKey, slavePrefix } from './identity-keys.ts'
import { identityPaths } from './paths.ts'
import { TestCluster, until } from './testing/cluster.ts'

describe('identity garbage collection', () => {
  let cluster: TestCluster
  let data: EmbeddedStore
  let store: Kvstore
  beforeEach(async () => {
    cluster = new TestCluster()
    data = createEmbeddedStore()
    store = await cluster.openEmbedded(data)
  })
  afterEach(() => cluster[Symbol.asyncDispose]())

  const collect = (unusedBefore: ReadonlyMap<number, number>) => {
    const limiter = createRateLimiter({ perSecond: 10_000, burst: 100 })
    return collectOnce({ store, limiter, signal: cluster.signal, log: cluster.log, unusedBefore })
  }
  const ids = async () =>
    (await store.listPrefix(identityPaths.idPrefix))
      .map(({ key }) => key.slice(identityPaths.idPrefix.length))
      .sort()

  it('removes what was unused twice, and only that', async () => {
    await store.put(masterKey(300), 'k8s:app=unused;')
    await store.put(masterKey(301), 'k8s:app=used;')
    await store.put(`${slavePrefix('k8s:app=used;')}10.0.0.1`, '301')
    await store.put(`${identityPaths.idPrefix}unknown`, 'k8s:app=x;')
    const first = await collect(new Map())
    expect(first).toMatchObject({ checked: 2, deleted: 0 })
    await store.put(masterKey(302), 'k8s:app=new;')
    const second = await collect(first.unused)
    expect(second).toMatchObject({ checked: 3, deleted: 1 })
    expect(await ids()).toEqual(['301', '302', 'unknown'])
    await store.deletePrefix(slavePrefix('k8s:app=used;'))
    const third = await collect(second.unused)
    expect(third).toMatchObject({ checked: 2, deleted: 1 })
    expect([...third.unused.keys()]).toEqual([301])
    expect(await store.listPrefix(identityPaths.lockPrefix)).toEqual([])
  })

  it('starts to count anew when the identity was used or made again in between', async () => {
    await store.put(masterKey(300), 'k8s:app=a;')
    await store.put(masterKey(301), 'k8s:app=b;')
    const first = await collect(new Map())
    await store.put(masterKey(300), 'k8s:app=other;')
    await store.put(`${slavePrefix('k8s:app=b;')}10.0.0.1`, '301')
    const second = await collect(first.unused)
    expect(second.deleted).toBe(0)
    await store.deletePrefix(slavePrefix('k8s:app=b;'))
    expect([...(await collect(second.unused)).unused.keys()]).toEqual([301])
  })

  it('keeps an identity that is taken into use at the last moment', async () => {
    await store.put(masterKey(300), 'k8s:app=a;')
    const { unused } = await collect(new Map())
    const lock = await store.lock(lockPath('k8s:app=a;'))
    const collecting = collect(unused)
    await until(async () => (await store.listPrefix(`${lock.path}/`)).length === 2)
    await store.put(`${slavePrefix('k8s:app=a;')}10.0.0.1`, '300')
    await lock.release()
    expect((await collecting).deleted).toBe(0)
    expect(await ids()).toEqual(['300'])
  })
})
