import assert from 'node:assert/strict'
import { hasCode } from '../errors.ts'
import { type ContractCase, type ContractHarness, until } from './contract-harness.ts'

export const lockCases: readonly ContractCase[] = [
  {
    name: 'lets one holder at a time in',
    run: async ({ open }) => {
      const stores = [await open(), await open(), await open()]
      await stores[0]?.put('c', '0')
      let inside = 0
      const increment = async (store: (typeof stores)[number]) => {
        await using _lock = await store.lock('locks/a')
        assert.equal(++inside, 1)
        const value = Number((await store.get('c'))?.value)
        await store.put('c', String(value + 1))
        inside--
      }
      await Promise.all(
        Array.from({ length: 15 }, (_, i) => increment(stores[i % 3] as (typeof stores)[number])),
      )
      assert.equal((await stores[0]?.get('c'))?.value, '15')
      assert.deepEqual(await stores[0]?.listPrefix('locks/'), [])
    },
  },
  {
    name: 'keeps locks of different and of nested paths apart',
    run: async ({ open }) => {
      const store = await open()
      await using _a = await store.lock('locks/a')
      await using _b = await store.lock('locks/b')
      await using _nested = await store.lock('locks/a/b')
      await using _outer = await store.lock('locks')
    },
  },
  {
    name: 'takes a lock only if it is free when asked to',
    run: async ({ open }) => {
      const [store, other] = [await open(), await open()]
      const lock = await store.tryLock('locks/a')
      assert.equal(await lock?.createOnly('k/1', '1'), true)
      assert.equal(await other.tryLock('locks/a'), undefined)
      const waiting = other.lock('locks/a')
      await until(async () => (await store.listPrefix('locks/a/')).length === 2, 'the other waits')
      assert.equal(await store.tryLock('locks/a'), undefined)
      await lock?.release()
      await (await waiting).release()
      await using _again = await other.tryLock('locks/a')
      assert.equal(_again?.path, 'locks/a')
      assert.equal((await store.listPrefix('locks/a/')).length, 1)
    },
  },
  {
    name: 'writes through a held lock',
    run: async ({ open }) => {
      const store = await open()
      const lock = await store.lock('locks/a')
      await lock.assertHeld()
      assert.equal(await lock.createOnly('k/1', '1'), true)
      assert.equal(await lock.createOnly('k/1', '2'), false)
      const conditions = [{ kind: 'value', key: 'k/1', value: '1' }] as const
      assert.equal(await lock.commit({ conditions, writes: [{ kind: 'delete', key: 'k/1' }] }), true)
      await lock.release()
      await lock.release()
      await assert.rejects(lock.createOnly('k/2', '1'), (error) => hasCode(error, 'KVSTORE_LOCK_LOST'))
    },
  },
  {
    name: 'fences a holder that lost the lock without knowing',
    run: async ({ open, expireLease }) => {
      const [first, second] = [await open(), await open()]
      const lost = await first.lock('locks/a')
      const waiting = second.lock('locks/a')
      await until(async () => (await second.listPrefix('locks/a/')).length === 2, 'the second waits')
      await expireLease(await leaseOfLock({ outsider: second }, 'locks/a'))
      await using held = await waiting
      await assert.rejects(lost.createOnly('k/1', 'first'), (error) => hasCode(error, 'KVSTORE_LOCK_LOST'))
      await assert.rejects(lost.assertHeld(), (error) => hasCode(error, 'KVSTORE_LOCK_LOST'))
      assert.equal(await held.createOnly('k/1', 'second'), true)
    },
  },
  {
    name: 'leaves the line when the wait is given up',
    run: async ({ open }) => {
      const store = await open()
      const held = await store.lock('locks/a')
      const giveUp = new AbortController()
      const waiting = store.lock('locks/a', { signal: giveUp.signal })
      const third = store.lock('locks/a')
      await until(async () => (await store.listPrefix('locks/a/')).length === 3, 'both wait')
      giveUp.abort(new Error('no more'))
      await assert.rejects(waiting, /no more/)
      await held.release()
      await (await third).release()
      await until(async () => (await store.listPrefix('locks/')).length === 0, 'nothing is left')
    },
  },
  {
    name: 'releases locks when the client is closed',
    run: async ({ open }) => {
      const [first, second] = [await open(), await open()]
      await first.lock('locks/a')
      const waiting = second.lock('locks/a')
      await first[Symbol.asyncDispose]()
      await (await waiting).release()
    },
  },
  {
    name: 'survives an interruption while it waits',
    run: async ({ open, outsider, interrupt }) => {
      const store = await open()
      const held = await outsider.lock('locks/a')
      const waiting = store.lock('locks/a')
      await until(async () => (await outsider.listPrefix('locks/a/')).length === 2, 'the client waits')
      await interrupt(() => held.release())
      await using lock = await waiting
      await lock.assertHeld()
    },
  },
]

/** The lease of whoever holds the lock: the name of the contender that was created first. */
async function leaseOfLock({ outsider }: Pick<ContractHarness, 'outsider'>, path: string): Promise<string> {
  const contenders = await outsider.listPrefix(`${path}/`)
  const [first] = contenders.sort((a, b) => a.modRevision - b.modRevision)
  assert.ok(first !== undefined)
  return BigInt(`0x${first.key.slice(path.length + 1)}`).toString()
}
