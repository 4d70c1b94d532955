import { createEmbeddedStore, type EmbeddedStore, type Kvstore } from '@axoneme/kvstore'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { collectOnce } from './identity-gc.ts'
import { type GcMemory, passPeriod, planCollection, removalsPerSecond } from './identity-gc-plan.ts'
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

  const collect = (before?: GcMemory, perSecond = 10_000) =>
    collectOnce({ store, signal: cluster.signal, log: cluster.log, removalsPerSecond: perSecond }, before)
  const ids = async () =>
    (await store.listPrefix(identityPaths.idPrefix))
      .map(({ key }) => key.slice(identityPaths.idPrefix.length))
      .sort()

  it('removes what was unused twice, and only that', async () => {
    await store.put(masterKey(300), 'k8s:app=unused;')
    await store.put(masterKey(301), 'k8s:app=used;')
    await store.put(`${slavePrefix('k8s:app=used;')}10.0.0.1`, '301')
    await store.put(`${identityPaths.idPrefix}unknown`, 'k8s:app=x;')
    const first = await collect()
    expect(first).toMatchObject({ checked: 2, deleted: 0 })
    await store.put(masterKey(302), 'k8s:app=new;')
    const second = await collect(first.memory)
    expect(second).toMatchObject({ checked: 3, deleted: 1 })
    expect(await ids()).toEqual(['301', '302', 'unknown'])
    await store.deletePrefix(slavePrefix('k8s:app=used;'))
    const third = await collect(second.memory)
    expect(third).toMatchObject({ checked: 2, deleted: 1 })
    expect([...third.memory.unused.keys()]).toEqual([301])
    expect(await store.listPrefix(identityPaths.lockPrefix)).toEqual([])
  })

  it('starts to count anew when the identity was used or made again in between', async () => {
    await store.put(masterKey(300), 'k8s:app=a;')
    await store.put(masterKey(301), 'k8s:app=b;')
    const first = await collect()
    await store.put(masterKey(300), 'k8s:app=other;')
    await store.put(`${slavePrefix('k8s:app=b;')}10.0.0.1`, '301')
    const second = await collect(first.memory)
    expect(second.deleted).toBe(0)
    await store.deletePrefix(slavePrefix('k8s:app=b;'))
    expect([...(await collect(second.memory)).memory.unused.keys()]).toEqual([301])
  })

  it('keeps an identity that is taken into use at the last moment', async () => {
    await store.put(masterKey(300), 'k8s:app=a;')
    const { memory } = await collect()
    const lock = await store.lock(lockPath('k8s:app=a;'))
    const collecting = collect(memory)
    await until(async () => (await store.listPrefix(`${lock.path}/`)).length === 2)
    await store.put(`${slavePrefix('k8s:app=a;')}10.0.0.1`, '300')
    await lock.release()
    expect((await collecting).deleted).toBe(0)
    expect(await ids()).toEqual(['300'])
  })

  it('goes on when a lock is lost', async () => {
    for (const id of [300, 301]) await store.put(masterKey(id), `k8s:app=${id};`)
    const { memory } = await collect()
    const lock = await store.lock(lockPath('k8s:app=300;'))
    const collecting = collect(memory)
    await until(async () => (await store.listPrefix(`${lock.path}/`)).length === 2)
    for (const { key } of await store.listPrefix(`${lock.path}/`)) await store.delete(key)
    expect((await collecting).deleted).toBe(1)
    expect(await ids()).toEqual(['300'])
  })
})

describe('pace', () => {
  const period = { baseMs: 600_000, jitter: 0.2 }
  const configured = 2500 / 60

  it('is never slower than creation', () => {
    expect(removalsPerSecond(configured, 0)).toBe(configured)
    expect(removalsPerSecond(configured, 100)).toBe(200)
  })

  it.each([
    { name: 'that nothing is known of', known: undefined, baseMs: 60_000 },
    { name: 'in a calm cluster', known: { allocated: 500, creationsPerSecond: 1 }, baseMs: 600_000 },
    { name: 'that are many', known: { allocated: 60_000, creationsPerSecond: 0 }, baseMs: 600_000 },
    { name: 'that are made fast', known: { allocated: 5_280, creationsPerSecond: 100 }, baseMs: 150_000 },
    { name: 'that run out', known: { allocated: 65_000, creationsPerSecond: 100 }, baseMs: 60_000 },
  ])('looks at identities $name after $baseMs ms', ({ known, baseMs }) => {
    expect(passPeriod(period, known).baseMs).toBeCloseTo(baseMs, -1)
  })

  it('keeps up with 100 new identities each second that nobody uses', () => {
    // In numbers: what is unused in one pass is removed after the next, and numbers are made meanwhile.
    const rate = 100
    let { baseMs } = passPeriod(period, undefined)
    let [nowMs, unusedTwice, unused, peak] = [0, 0, 0, 0]
    for (let pass = 0; pass < 200; pass++) {
      const created = (rate * baseMs) / 1000
      const removalMs = (unusedTwice * 1000) / removalsPerSecond(configured, rate)
      const duringRemoval = (rate * removalMs) / 1000
      const allocated = unusedTwice + unused + created
      peak = Math.max(peak, allocated + duringRemoval)
      ;[unusedTwice, unused] = [unused, created + duringRemoval]
      nowMs += baseMs + removalMs
      baseMs = passPeriod(period, { allocated, creationsPerSecond: rate }).baseMs
    }
    expect(nowMs).toBeGreaterThan(3_600_000)
    expect(peak).toBeLessThan(65_280)
  })
})

describe('what a pass plans', () => {
  const entry = (key: string, value: string, modRevision: number) => ({ key, value, modRevision })

  it('counts what is new since the pass before, and only identities of this cluster as allocated', () => {
    const masters = [
      entry(masterKey(300), 'k8s:a=1;', 5),
      entry(masterKey(301), 'k8s:a=2;', 9),
      entry(masterKey((1 << 16) + 300), 'k8s:a=3;', 11),
      entry(`${identityPaths.idPrefix}x`, 'k8s:a=4;', 12),
    ]
    const users = [entry(`${slavePrefix('k8s:a=1;')}10.0.0.1`, '300', 6)]
    const before = { unused: new Map([[301, 9]]), revision: 5, atMs: 0 }
    expect(planCollection({ masters, users }, before)).toMatchObject({
      checked: 3,
      allocated: 2,
      created: 2,
      revision: 11,
      removable: [{ id: 301 }],
    })
  })
})
