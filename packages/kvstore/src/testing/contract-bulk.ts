import assert from 'node:assert/strict'
import type { Kvstore } from '../types.ts'
import type { ContractCase } from './contract-harness.ts'

/** etcd takes 128 operations in one transaction by default (--max-txn-ops). */
const writesPerCommit = 100

export const bulkCases: readonly ContractCase[] = [
  {
    name: 'lists a prefix, all of it and only it',
    run: async ({ open }) => {
      const store = await open()
      // More than one page.
      const keys = Array.from({ length: 5432 }, (_, i) => `t/list/${i}`)
      await putAll(store, keys)
      await putAll(store, ['t/list', 't/lisu/1', 't/list0', 't/listz/1'])
      const listed = await store.listPrefix('t/list/')
      assert.deepEqual(listed.map((entry) => entry.key).sort(), [...keys].sort())
      assert.deepEqual(await store.listPrefix('t/none/'), [])
    },
  },
  {
    name: 'lists only what was created later when asked to',
    run: async ({ open }) => {
      const store = await open()
      await store.put('t/a', '1')
      await store.put('t/b', '1')
      const createdAfter = (await store.get('t/b'))?.modRevision ?? 0
      await store.put('t/a', '2')
      await store.put('t/c', '1')
      const keys = (await store.listPrefix('t/', { createdAfter })).map((entry) => entry.key)
      assert.deepEqual(keys, ['t/c'])
    },
  },
  {
    name: 'deletes a prefix and counts',
    run: async ({ open }) => {
      const store = await open()
      await putAll(store, ['t/x/1', 't/x/2', 't/x/3', 't/xy'])
      assert.equal(await store.deletePrefix('t/x/'), 3)
      assert.equal(await store.deletePrefix('t/x/'), 0)
      assert.equal((await store.listPrefix('t/')).length, 1)
    },
  },
]

export async function putAll(store: Kvstore, keys: readonly string[], value = 'v'): Promise<void> {
  for (let i = 0; i < keys.length; i += writesPerCommit) {
    const writes = keys.slice(i, i + writesPerCommit).map((key) => ({ kind: 'put', key, value }) as const)
    await store.commit({ conditions: [], writes })
  }
}
