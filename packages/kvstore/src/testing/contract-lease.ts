import assert from 'node:assert/strict'
import { type ContractCase, follow, until } from './contract-harness.ts'

export const leaseCases: readonly ContractCase[] = [
  {
    name: 'removes leased keys with the lease, and replaces the lease',
    run: async ({ open, expireLease }) => {
      const [store, other] = [await open(), await open()]
      let replaced = 0
      using _listener = store.onLeaseReplaced(() => replaced++)
      await store.put('l/leased', '1', { leased: true })
      await store.put('l/rebound', '1', { leased: true })
      await store.put('l/rebound', '1')
      await store.put('l/plain', '1')
      await other.put('l/other', '1', { leased: true })
      await using watch = follow(other, 'l/')
      await until(watch.isSynced, 'synced')
      const { leaseId } = store.status()
      await expireLease(leaseId)
      await until(() => watch.words().includes('-l/leased'), 'the leased key is gone')
      assert.deepEqual([...watch.state.keys()].sort(), ['l/other', 'l/plain', 'l/rebound'])
      // The first leased write meets the loss; it must succeed all the same.
      await store.put('l/leased', '2', { leased: true })
      assert.equal(replaced, 1)
      assert.notEqual(store.status().leaseId, leaseId)
      await expireLease(store.status().leaseId)
      assert.equal(await store.createOnly('l/leased', '3', { leased: true }), true)
      assert.equal(replaced, 2)
    },
  },
  {
    name: 'notices the loss without being asked',
    run: async ({ open, expireLease }) => {
      const store = await open({ leaseTtlS: 2 })
      let replaced = 0
      using _listener = store.onLeaseReplaced(() => replaced++)
      await expireLease(store.status().leaseId)
      await until(() => replaced === 1, 'the lease was replaced')
      assert.notEqual(store.status().leaseId, '')
    },
  },
  {
    name: 'keeps the lease alive beyond its time',
    run: async ({ open }) => {
      const store = await open({ leaseTtlS: 2 })
      const { leaseId } = store.status()
      await store.put('l/a', '1', { leased: true })
      await new Promise((resolve) => setTimeout(resolve, 4500))
      assert.equal((await store.get('l/a'))?.value, '1')
      assert.equal(store.status().leaseId, leaseId)
    },
  },
  {
    name: 'leaves leased keys when a client is closed, until the lease ends',
    run: async ({ open, outsider }) => {
      const store = await open({ leaseTtlS: 2 })
      await store.put('l/a', '1', { leased: true })
      await store[Symbol.asyncDispose]()
      assert.equal((await outsider.get('l/a'))?.value, '1')
      await until(async () => (await outsider.get('l/a')) === undefined, 'the lease ended')
    },
  },
  {
    name: 'writes leased keys again after an interruption longer than the lease',
    run: async ({ open, outsider, interrupt, expireLease }) => {
      const store = await open()
      await store.put('l/a', '1', { leased: true })
      const { leaseId } = store.status()
      const rewritten = Promise.withResolvers<void>()
      using _listener = store.onLeaseReplaced(() => {
        store.put('l/a', '2', { leased: true }).then(rewritten.resolve, rewritten.reject)
      })
      await interrupt(() => expireLease(leaseId))
      // Any leased write finds out; it may first meet the end of the interruption.
      await until(
        () =>
          store.put('l/b', '1', { leased: true }).then(
            () => true,
            () => false,
          ),
        'a leased write works',
      )
      await rewritten.promise
      assert.equal((await outsider.get('l/a'))?.value, '2')
    },
  },
]
