import { formatLabels } from '@axoneme/identity'
import { createEmbeddedStore, type EmbeddedStore, hasCode, type Kvstore } from '@axoneme/kvstore'
import { startEtcd, type TestEtcd } from '@axoneme/kvstore/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { IdentitiesExhaustedError } from './identity-errors.ts'
import { runIdentityGc } from './identity-gc.ts'
import { creationKey, masterKey, slavePrefix } from './identity-keys.ts'
import { createIdentityTable } from './identity-table.ts'
import { identityPaths } from './paths.ts'
import { TestCluster, until } from './testing/cluster.ts'

const a = { 'k8s:app': 'a' }
const b = { 'k8s:app': 'b' }
const never = { baseMs: 2 ** 30, jitter: 0 }

let cluster: TestCluster
beforeEach(() => {
  cluster = new TestCluster()
})
afterEach(async () => {
  await cluster[Symbol.asyncDispose]()
  expect(cluster.problems()).toEqual([])
})

/** What of the identities is for others: `key = value`. Locks go behind the caller's back. */
async function stored(store: Kvstore): Promise<string[]> {
  const entries = await store.listPrefix('cilium/state/identities/v1/')
  return entries
    .map(({ key, value }) => `${key.slice('cilium/state/identities/v1/'.length)} = ${value}`)
    .filter((line) => !/^(locks|created)\//.test(line))
    .sort()
}

describe('identity allocator', () => {
  let data: EmbeddedStore
  let store: Kvstore
  beforeEach(async () => {
    data = createEmbeddedStore()
    store = await cluster.openEmbedded(data)
  })
  const node = (name: string, options = {}) =>
    cluster.startAllocator(store, name, { resync: never, ...options })

  it('writes what Cilium writes, and one reference is one mark', async () => {
    const { allocator } = node('10.0.0.1')
    const [id, again] = [await allocator.allocate(a), await allocator.allocate(a)]
    expect(again).toBe(id)
    expect(id).toBeGreaterThanOrEqual(256)
    const mark = `value/k8s:app=a;/10.0.0.1 = ${id}`
    expect(await stored(store)).toEqual([`id/${id} = k8s:app=a;`, mark])
    await allocator.release(id)
    expect(await stored(store)).toContain(mark)
    await allocator.release(id)
    expect(await stored(store)).toEqual([`id/${id} = k8s:app=a;`])
    await allocator.release(id)
  })

  it('gives the same number to the same labels on every node, also when nobody uses them for a while', async () => {
    const [first, second] = [node('10.0.0.1'), node('10.0.0.2')]
    const id = await first.allocator.allocate(a)
    expect(await second.allocator.allocate(a)).toBe(id)
    await first.allocator.release(id)
    await second.allocator.release(id)
    expect(await second.allocator.allocate({ ...a })).toBe(id)
    expect(await second.allocator.allocate(b)).not.toBe(id)
  })

  it('does not make a second number while its table is behind', async () => {
    const first = node('10.0.0.1')
    const id = await first.allocator.allocate(a)
    await first.allocator.release(id)
    // This table was complete before the identity was made, and hears nothing since.
    const stale = createIdentityTable()
    stale.markInitialized()
    const second = cluster.keepAllocator({
      store,
      table: stale,
      nodeSuffix: '10.0.0.2',
      log: cluster.log,
      signal: cluster.signal,
    })
    expect(await second.allocator.allocate(a)).toBe(id)
  })

  it('does not make a second number when one is made and left between its look and its write', async () => {
    const first = node('10.0.0.1')
    const stale = createIdentityTable()
    stale.markInitialized()
    const made: number[] = []
    const look: Kvstore['get'] = async (key) => {
      const entry = await store.get(key)
      if (key === creationKey('k8s:app=a;') && made.length === 0) {
        made.push(await first.allocator.allocate(a))
        await first.allocator.release(made[0] ?? 0)
      }
      return entry
    }
    const meanwhile = new Proxy(store, {
      get(target, name) {
        if (name === 'get') return look
        const member: unknown = Reflect.get(target, name)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
    const second = cluster.keepAllocator({
      store: meanwhile,
      table: stale,
      nodeSuffix: '10.0.0.2',
      log: cluster.log,
      signal: cluster.signal,
    })
    const id = await second.allocator.allocate(a)
    expect([id]).toEqual(made)
    expect((await stored(store)).filter((line) => line.startsWith('id/'))).toHaveLength(1)
  })

  it('makes an identity with one look and one write, and asks for no lock', async () => {
    const calls: string[] = []
    const observed = await cluster.openEmbedded(data, { observe: ({ operation }) => calls.push(operation) })
    const { allocator } = cluster.startAllocator(observed, '10.0.0.1', { resync: never })
    await allocator.allocate(a)
    expect(calls.filter((operation) => operation !== 'listPrefix')).toEqual(['get', 'commit'])
  })

  it('needs no lock either when the identity that was made last is gone before it came', async () => {
    const { allocator } = node('10.0.0.1')
    const id = await allocator.allocate(a)
    await allocator.release(id)
    await store.delete(masterKey(id))
    const calls: string[] = []
    const observed = await cluster.openEmbedded(data, { observe: ({ operation }) => calls.push(operation) })
    const { allocator: newcomer } = cluster.startAllocator(observed, '10.0.0.2', { resync: never })
    await newcomer.allocate(a)
    expect(calls.filter((operation) => operation !== 'listPrefix')).toEqual(['get', 'commit'])
  })

  it('takes another number when the one it picked was taken meanwhile', async () => {
    await store.put(masterKey(300), 'k8s:app=other;')
    const stale = createIdentityTable()
    stale.markInitialized()
    const { allocator } = cluster.keepAllocator({
      store,
      table: stale,
      nodeSuffix: '10.0.0.2',
      log: cluster.log,
      signal: cluster.signal,
      range: { min: 300, max: 301 },
      random: () => 0,
    })
    expect(await allocator.allocate(a)).toBe(301)
  })

  it('writes its marks again when the lease was replaced', async () => {
    const { allocator } = node('10.0.0.1')
    const ids = [await allocator.allocate(a), await allocator.allocate(b)]
    data.revokeLease(store.status().leaseId)
    expect((await stored(store)).filter((line) => line.startsWith('value/'))).toEqual([])
    await store.put('cilium/.heartbeat', 'x', { leased: true })
    await until(async () => (await stored(store)).filter((line) => line.startsWith('value/')).length === 2)
    expect(await allocator.allocate(a)).toBe(ids[0])
  })

  it('puts back a master key that somebody removes', async () => {
    const { allocator } = node('10.0.0.1')
    const id = await allocator.allocate(a)
    await store.delete(masterKey(id))
    await until(async () => (await store.get(masterKey(id)))?.value === 'k8s:app=a;')
  })

  it('says so when its number means something else now', async () => {
    const lost: number[] = []
    const { allocator } = node('10.0.0.1', { onLost: (id: number) => lost.push(id) })
    const id = await allocator.allocate(a)
    await store.put(masterKey(id), 'k8s:app=thief;')
    await until(() => lost.length === 1)
    expect(lost).toEqual([id])
    expect(await allocator.allocate(a)).not.toBe(id)
    expect(cluster.problems()).toHaveLength(1)
    cluster.events.length = 0
  })

  it('adopts the number that others use although its master key is gone', async () => {
    await store.put(`${slavePrefix('k8s:app=a;')}10.0.0.9`, '4711')
    const { allocator } = node('10.0.0.1')
    expect(await allocator.allocate(a)).toBe(4711)
    expect((await store.get(masterKey(4711)))?.value).toBe('k8s:app=a;')
  })

  it('takes the number that it remembers when the store lost it, and no other one while others put theirs back', async () => {
    const remembering = createIdentityTable()
    remembering.upsert({ id: 4711, labels: a })
    remembering.markInitialized()
    remembering.position.incompleteUntilMs = performance.now() + 500
    const { allocator } = cluster.keepAllocator({
      store,
      table: remembering,
      nodeSuffix: '10.0.0.1',
      log: cluster.log,
      signal: cluster.signal,
    })
    const unknown = allocator.allocate(b)
    expect(await allocator.allocate(a)).toBe(4711)
    // Meanwhile another node puts back what this one never heard of.
    await store.put(masterKey(815), 'k8s:app=b;')
    await store.put(`${slavePrefix('k8s:app=b;')}10.0.0.2`, '815')
    expect(await unknown).toBe(815)
    expect((await stored(store)).filter((line) => line.startsWith('id/'))).toEqual([
      'id/4711 = k8s:app=a;',
      'id/815 = k8s:app=b;',
    ])
  })

  it('puts back the number of before its restart when the store has none for the labels, and only then', async () => {
    const { allocator } = node('10.0.0.1')
    expect(await allocator.allocate(a, { remembered: 4711 })).toBe(4711)
    expect(await node('10.0.0.2').allocator.allocate(a, { remembered: 4712 })).toBe(4711)
    // Taken meanwhile, and no number of the cluster.
    expect(await allocator.allocate(b, { remembered: 4711 })).not.toBe(4711)
    expect(await allocator.allocate({ 'k8s:app': 'c' }, { remembered: 1 })).toBeGreaterThan(255)
  })

  it('gives its number up when others have made another one for the labels since the store lost it', async () => {
    const lost: number[] = []
    const { allocator } = node('10.0.0.1', { onLost: (id: number) => lost.push(id) })
    const id = await allocator.allocate(a)
    await store.commit({
      conditions: [],
      writes: [
        { kind: 'delete', key: masterKey(id) },
        { kind: 'delete', key: `${slavePrefix('k8s:app=a;')}10.0.0.1` },
        { kind: 'put', key: masterKey(4711), value: 'k8s:app=a;' },
        { kind: 'put', key: `${slavePrefix('k8s:app=a;')}10.0.0.2`, value: '4711' },
      ],
    })
    await until(() => lost.length === 1)
    expect(lost).toEqual([id])
    expect(await allocator.allocate(a)).toBe(4711)
    expect((await stored(store)).filter((line) => line.startsWith('id/'))).toEqual(['id/4711 = k8s:app=a;'])
    cluster.events.length = 0
  })

  it('says how full the number space is when it is', async () => {
    const { allocator } = node('10.0.0.1', { range: { min: 300, max: 302 } })
    const ids = await Promise.all(['a', 'b', 'c'].map((app) => allocator.allocate({ 'k8s:app': app })))
    expect(ids.sort()).toEqual([300, 301, 302])
    await until(() => allocator.usage().ratio === 1)
    const error = await allocator.allocate({ 'k8s:app': 'd' }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(IdentitiesExhaustedError)
    expect(error).toMatchObject({ code: 'IDENTITIES_EXHAUSTED', usageRatio: 1, retryable: true })
    // What failed leaves nothing behind.
    await until(async () => (await stored(store)).length === 6)
  })

  it.each([{}, { app: 'x' }, { 'k8s:app': 'x;y' }])('refuses labels %o', async (labels) => {
    const { allocator } = node('10.0.0.1')
    await expect(allocator.allocate(labels)).rejects.toMatchObject({ code: 'IDENTITY_LABELS' })
  })

  it('gives up a wait when asked to, and keeps nothing', async () => {
    const { allocator } = node('10.0.0.1')
    await using lock = await store.lock(`${identityPaths.lockPrefix}k8s:app=a;`)
    const giveUp = new AbortController()
    const waiting = allocator.allocate(a, { signal: giveUp.signal })
    const staying = allocator.allocate(a)
    await new Promise((resolve) => setTimeout(resolve, 50))
    giveUp.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await lock.release()
    const id = await staying
    expect(await stored(store)).toContain(`value/k8s:app=a;/10.0.0.1 = ${id}`)
    await allocator.release(id)
    expect(await stored(store)).toEqual([`id/${id} = k8s:app=a;`])
  })

  it('survives allocations and releases of the same labels at the same time', async () => {
    const { allocator } = node('10.0.0.1')
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        await allocator.release(await allocator.allocate(a))
      }),
    )
    const id = await allocator.allocate(a)
    expect(await stored(store)).toEqual([`id/${id} = k8s:app=a;`, `value/k8s:app=a;/10.0.0.1 = ${id}`])
  })

  it('fails with a known error when the store stays away, and leaves the caller its signal', async () => {
    const { allocator } = node('10.0.0.1')
    await allocator.allocate(a)
    const giveUp = AbortSignal.timeout(50)
    await store[Symbol.asyncDispose]()
    const error = await allocator.allocate(b, { signal: giveUp }).catch((reason: unknown) => reason)
    expect(hasCode(error, 'KVSTORE_CLOSED')).toBe(true)
  })
})

describe('identity allocators on etcd', () => {
  let etcd: TestEtcd
  beforeEach(async () => {
    etcd = cluster.keep(await startEtcd())
  })

  it('give one number to one label set, and one label set to one number, under races and garbage collection', async () => {
    const stores = await Promise.all([1, 2, 3, 4].map(() => cluster.openEtcd(etcd.endpoints)))
    const storeOf = (i: number) => stores[i % stores.length] as Kvstore
    const nodes = Array.from({ length: 20 }, (_, i) =>
      // A small number space: picks collide.
      cluster.startAllocator(storeOf(i), `10.0.0.${i}`, { range: { min: 256, max: 300 } }),
    )
    let collected = 0
    const collecting = new AbortController()
    const collection = runIdentityGc({
      store: storeOf(0),
      log: cluster.log,
      signal: collecting.signal,
      period: { baseMs: 20, jitter: 0.5 },
      removalsPerSecond: 2000,
      onRun: (run) => {
        if (run.outcome === 'success') collected += run.deleted
      },
    })
    cluster.keep({
      async [Symbol.asyncDispose]() {
        collecting.abort()
        await collection.catch(() => {})
      },
    })
    const inUse = new Map<string, { id: number; users: number }>()
    const labelsOf = new Map<number, string>()
    await Promise.all(
      nodes.map(async ({ allocator }, n) => {
        for (let round = 0; round < 12; round++) {
          const labels = { 'k8s:app': `${(n * 7 + round * 3) % 12}` }
          const text = formatLabels(labels)
          const id = await allocator.allocate(labels)
          const use = inUse.get(text) ?? { id, users: 0 }
          expect(use.id).toBe(id)
          use.users++
          inUse.set(text, use)
          expect(labelsOf.get(id) ?? text).toBe(text)
          labelsOf.set(id, text)
          expect((await storeOf(n).get(masterKey(id)))?.value).toBe(text)
          if (round % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
          // From here on the number may be collected and given to others.
          use.users--
          if (use.users === 0) {
            inUse.delete(text)
            labelsOf.delete(id)
          }
          await allocator.release(id)
        }
      }),
    )
    const masters = await storeOf(0).listPrefix(identityPaths.idPrefix)
    expect(new Set(masters.map(({ value }) => value)).size).toBe(masters.length)
    await until(async () => (await stored(storeOf(0))).length === 0)
    // A run is told of when it is over.
    await until(() => collected > 0)
    await until(() => nodes.every(({ table }) => table.size === 9))
  }, 120_000)

  it('keep their numbers when etcd is away, and take a new one afterwards', async () => {
    const store = await cluster.openEtcd(etcd.endpoints)
    const { allocator } = cluster.startAllocator(store, '10.0.1.1')
    const id = await allocator.allocate(a)
    await etcd.kill()
    expect(await allocator.allocate(a)).toBe(id)
    const waiting = allocator.allocate(b)
    await new Promise((resolve) => setTimeout(resolve, 300))
    await etcd.restart()
    const other = await waiting
    expect(await stored(store)).toEqual(
      [
        `id/${id} = k8s:app=a;`,
        `id/${other} = k8s:app=b;`,
        `value/k8s:app=a;/10.0.1.1 = ${id}`,
        `value/k8s:app=b;/10.0.1.1 = ${other}`,
      ].sort(),
    )
  })
})
