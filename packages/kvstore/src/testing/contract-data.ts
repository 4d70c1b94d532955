import assert from 'node:assert/strict'
import type { KvstoreErrorCode } from '../errors.ts'
import { hasCode } from '../errors.ts'
import { limits } from '../limits.ts'
import type { KvOperationEvent } from '../observe.ts'
import type { ContractCase } from './contract-harness.ts'

const rejectsWith = (promise: Promise<unknown>, code: KvstoreErrorCode) =>
  assert.rejects(promise, (error) => hasCode(error, code))

export const dataCases: readonly ContractCase[] = [
  {
    name: 'reads what was written, and nothing else',
    run: async ({ open }) => {
      const store = await open()
      assert.equal(await store.get('t/a'), undefined)
      await store.put('t/a', '1')
      const first = await store.get('t/a')
      assert.equal(first?.value, '1')
      await store.put('t/a', 'ä \u{1f600}')
      const second = await store.get('t/a')
      assert.equal(second?.value, 'ä \u{1f600}')
      assert.ok((second?.modRevision ?? 0) > (first?.modRevision ?? 0))
      assert.equal(await store.get('t/'), undefined)
      assert.equal(await store.delete('t/a'), true)
      assert.equal(await store.delete('t/a'), false)
    },
  },
  {
    name: 'creates a key only once',
    run: async ({ open }) => {
      const store = await open()
      assert.equal(await store.createOnly('t/a', '1'), true)
      assert.equal(await store.createOnly('t/a', '2'), false)
      assert.equal((await store.get('t/a'))?.value, '1')
    },
  },
  {
    name: 'swaps and deletes only what has not changed',
    run: async ({ open }) => {
      const store = await open()
      assert.equal(await store.compareAndSwap('t/a', '1', 0), true)
      assert.equal(await store.compareAndSwap('t/a', '2', 0), false)
      const old = (await store.get('t/a'))?.modRevision ?? 0
      assert.equal(await store.compareAndSwap('t/a', '2', old), true)
      assert.equal(await store.compareAndSwap('t/a', '3', old), false)
      assert.equal(await store.compareAndDelete('t/a', old), false)
      const now = (await store.get('t/a'))?.modRevision ?? 0
      assert.equal(await store.compareAndDelete('t/a', now), true)
      assert.equal(await store.compareAndDelete('t/a', now), false)
      assert.equal(await store.compareAndDelete('t/never', 0), false)
    },
  },
  {
    name: 'commits all writes or none',
    run: async ({ open }) => {
      const store = await open()
      await store.put('t/a', '1')
      const modRevision = (await store.get('t/a'))?.modRevision ?? 0
      const write = { kind: 'put', key: 't/b', value: '2' } as const
      const conditions = [
        { kind: 'absent', key: 't/a' },
        { kind: 'unchanged', key: 't/a', modRevision: modRevision + 1 },
        { kind: 'value', key: 't/a', value: '2' },
        { kind: 'value', key: 't/none', value: '' },
        { kind: 'prefix-empty', prefix: 't/' },
      ] as const
      for (const condition of conditions) {
        const held = { kind: 'absent', key: 't/b' } as const
        assert.equal(await store.commit({ conditions: [held, condition], writes: [write] }), false)
        assert.equal(await store.get('t/b'), undefined)
      }
      const done = await store.commit({
        conditions: [
          { kind: 'absent', key: 't/b' },
          { kind: 'unchanged', key: 't/a', modRevision },
          { kind: 'value', key: 't/a', value: '1' },
          { kind: 'prefix-empty', prefix: 't/a/' },
        ],
        writes: [write, { kind: 'delete', key: 't/a' }],
      })
      assert.equal(done, true)
      assert.equal(await store.get('t/a'), undefined)
      assert.equal((await store.get('t/b'))?.value, '2')
    },
  },
  {
    name: 'refuses keys and values that are too long, and says which',
    run: async ({ open }) => {
      const store = await open()
      await rejectsWith(store.put('', '1'), 'KVSTORE_INVALID')
      await rejectsWith(store.get('a\0b'), 'KVSTORE_INVALID')
      await rejectsWith(store.put('k'.repeat(limits.keyBytes + 1), '1'), 'KVSTORE_INVALID')
      await rejectsWith(store.put('t/a', 'v'.repeat(limits.valueBytes + 1)), 'KVSTORE_INVALID')
      const [key, value] = ['k'.repeat(limits.keyBytes), 'v'.repeat(limits.valueBytes)]
      await store.put(key, value)
      assert.equal((await store.get(key))?.value, value)
    },
  },
  {
    name: 'says what could not be done while the store is away, and works again afterwards',
    run: async ({ open, interrupt }) => {
      const store = await open()
      await interrupt(async () => {
        await assert.rejects(
          store.put('t/a', '1'),
          (error: { code: string; retryable: boolean; key: string }) => {
            assert.equal(error.code, 'KVSTORE_UNAVAILABLE')
            assert.equal(error.retryable, true)
            assert.equal(error.key, 't/a')
            return true
          },
        )
        assert.equal(store.status().connected, false)
      })
      for (;;) {
        try {
          await store.put('t/a', '2')
          break
        } catch (error) {
          assert.ok(hasCode(error, 'KVSTORE_UNAVAILABLE'))
        }
      }
      assert.equal(store.status().connected, true)
    },
  },
  {
    name: 'gives up when asked to, and does nothing once closed',
    run: async ({ open }) => {
      const store = await open()
      const reason = new Error('enough')
      await assert.rejects(store.get('t/a', { signal: AbortSignal.abort(reason) }), reason)
      await store[Symbol.asyncDispose]()
      await rejectsWith(store.get('t/a'), 'KVSTORE_CLOSED')
    },
  },
  {
    name: 'reports each call, and how long the rate limit held it back',
    run: async ({ open }) => {
      const events: KvOperationEvent[] = []
      const store = await open({
        rateLimit: { perSecond: 50, burst: 2 },
        observe: (event) => events.push(event),
      })
      await Promise.all([1, 2, 3, 4].map((n) => store.put(`cilium/state/nodes/v1/c/${n}`, '')))
      await rejectsWith(store.get(''), 'KVSTORE_INVALID')
      const puts = events.filter(({ operation }) => operation === 'put')
      assert.equal(puts.length, 4)
      assert.ok(
        puts.every(({ scope, kind, outcome }) => `${scope} ${kind} ${outcome}` === 'nodes/v1 set success'),
      )
      assert.equal(puts.filter(({ queuedMs }) => queuedMs > 0).length, 2)
      assert.equal(events.at(-1)?.outcome, 'fail')
    },
  },
]
