import assert from 'node:assert/strict'
import { putAll } from './contract-bulk.ts'
import { type ContractCase, follow, stateOf, until } from './contract-harness.ts'

export const watchCases: readonly ContractCase[] = [
  {
    name: 'tells a watcher what there is, then synced, then every change in order',
    run: async ({ open }) => {
      const store = await open()
      await store.put('w/a', '1')
      await store.put('v/other', '1')
      await using watch = follow(store, 'w/')
      await until(watch.isSynced, 'synced')
      await store.put('w/a', '2')
      await store.put('w/b', '3')
      await store.put('wx', '3')
      await store.delete('w/a')
      await store.commit({
        conditions: [],
        writes: [
          { kind: 'put', key: 'w/c', value: '4' },
          { kind: 'delete', key: 'w/b' },
        ],
      })
      await until(() => watch.events.length >= 7, 'all changes came')
      assert.deepEqual(watch.words().slice(0, 5), ['+w/a=1', 'synced', '+w/a=2', '+w/b=3', '-w/a'])
      assert.deepEqual(watch.words().slice(5).sort(), ['+w/c=4', '-w/b'])
    },
  },
  {
    name: 'has no gap between listing and watching',
    run: async ({ open }) => {
      const [store, writer] = [await open(), await open()]
      const writing = (async () => {
        for (let i = 0; i < 300; i++) await writer.put(`w/${i % 50}`, String(i))
      })()
      const watches = [follow(store, 'w/')]
      for (let i = 0; i < 5; i++) {
        await writer.get('w/0')
        watches.push(follow(store, 'w/'))
      }
      await writing
      for (const watch of watches) {
        await until(() => watch.state.get('w/49') === '299', 'the last change came')
        assert.deepEqual(
          new Map([...watch.state].sort()),
          stateOf((await store.listPrefix('w/')).sort(byKey)),
        )
        // Values of one key only grow: nothing old comes after something new.
        const seen = new Map<string, number>()
        for (const event of watch.events) {
          if (event.kind !== 'upsert') continue
          const value = Number(event.entry.value)
          assert.ok(value > (seen.get(event.entry.key) ?? -1))
          seen.set(event.entry.key, value)
        }
        await watch[Symbol.asyncDispose]()
      }
    },
  },
  {
    name: 'continues where it was after an interruption',
    run: async ({ open, outsider, interrupt }) => {
      const store = await open()
      await store.put('w/gone', '1')
      await using watch = follow(store, 'w/')
      await until(watch.isSynced, 'synced')
      await interrupt(async () => {
        await outsider.put('w/a', '1')
        await outsider.delete('w/gone')
        await outsider.put('w/a', '2')
      })
      await outsider.put('w/b', '3')
      await until(() => watch.state.has('w/b'), 'the watch is back')
      assert.deepEqual(watch.words(), ['+w/gone=1', 'synced', '+w/a=1', '-w/gone', '+w/a=2', '+w/b=3'])
    },
  },
  {
    name: 'tells the difference, removals included, when the history was lost meanwhile',
    run: async ({ open, outsider, interrupt, compact }) => {
      const store = await open()
      await putAll(store, ['w/same', 'w/gone', 'w/changed', 'w/again'], 'old')
      await using watch = follow(store, 'w/')
      await until(watch.isSynced, 'synced')
      await interrupt(async () => {
        await outsider.delete('w/gone')
        await outsider.put('w/changed', 'new')
        await outsider.delete('w/again')
        await outsider.put('w/again', 'old')
        await outsider.put('w/added', 'new')
        await compact()
        await outsider.put('w/elsewhere', '1')
        await outsider.delete('w/elsewhere')
        await compact()
      })
      await outsider.put('w/last', '1')
      await until(() => watch.state.has('w/last'), 'the watch is back')
      assert.deepEqual(watch.words().slice(5).sort(), [
        '+w/added=new',
        '+w/again=old',
        '+w/changed=new',
        '+w/last=1',
        '-w/gone',
      ])
      assert.equal(watch.words().filter((word) => word === 'synced').length, 1)
    },
  },
  {
    name: 'keeps a live watch through a compaction',
    run: async ({ open, compact }) => {
      const store = await open()
      await using watch = follow(store, 'w/')
      await until(watch.isSynced, 'synced')
      for (let i = 0; i < 20; i++) {
        await store.put('w/a', String(i))
        if (i % 5 === 0) await compact()
      }
      await until(() => watch.state.get('w/a') === '19', 'the last change came')
      // A watch that is behind may miss what was overwritten, but nothing comes twice or out of order.
      const values = watch.events.flatMap((event) =>
        event.kind === 'upsert' ? [Number(event.entry.value)] : [],
      )
      assert.deepEqual(
        values,
        [...new Set(values)].sort((a, b) => a - b),
      )
      assert.equal(watch.words().filter((word) => word === 'synced').length, 1)
    },
  },
  {
    name: 'delivers a large backlog completely',
    run: async ({ open, outsider, interrupt }) => {
      const store = await open()
      await using watch = follow(store, 'w/')
      await until(watch.isSynced, 'synced')
      const value = 'v'.repeat(1000)
      const keys = Array.from({ length: 5000 }, (_, i) => `w/${i}`)
      await interrupt(() => putAll(outsider, keys, value))
      await until(() => watch.state.size === keys.length, 'all keys came')
      assert.equal(watch.events.length, keys.length + 1)
    },
  },
  {
    name: 'ends a watch with its signal and with the client',
    run: async ({ open }) => {
      const store = await open()
      const first = follow(store, 'w/')
      const second = follow(store, 'w/')
      await until(() => first.isSynced() && second.isSynced(), 'synced')
      await first[Symbol.asyncDispose]()
      await store.put('w/a', '1')
      await until(() => second.state.has('w/a'), 'the other goes on')
      assert.equal(first.state.size, 0)
      await store[Symbol.asyncDispose]()
      await second.running
    },
  },
]

function byKey(a: { key: string }, b: { key: string }): number {
  return a.key < b.key ? -1 : 1
}
