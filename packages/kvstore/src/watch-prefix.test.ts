import { createLogger } from '@axoneme/log'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEmbeddedKvstore, createEmbeddedLink, createEmbeddedStore } from './embedded/index.ts'
import type { KvWatchEvent } from './observe.ts'
import { follow, stateOf, until } from './testing/contract-harness.ts'

const log = createLogger({ sink: () => {} })
const { signal } = new AbortController()

const key = fc.constantFrom('w/a', 'w/b', 'w/c', 'x/a')
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  fc.record({
    do: fc.constantFrom('compact' as const, 'cut' as const, 'pause' as const, 'restore' as const),
  }),
)

describe('watchPrefix', () => {
  it('makes its reader equal to the store, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), async (steps) => {
        const store = createEmbeddedStore({ historyCommits: 4 })
        const link = createEmbeddedLink()
        await using writer = await createEmbeddedKvstore({ store, log, signal })
        await using reader = await createEmbeddedKvstore({ store, link, log, signal, random: () => 0.01 })
        await using watch = follow(reader, 'w/')
        for (const [i, { do: what, ...rest }] of steps.entries()) {
          if (what === 'put' && 'key' in rest) await writer.put(rest.key, String(i))
          if (what === 'delete' && 'key' in rest) await writer.delete(rest.key)
          if (what === 'compact') store.compact()
          if (what === 'cut') link.setReachable(false)
          if (what === 'restore') link.setReachable(true)
          if (what === 'pause') await new Promise((resolve) => setTimeout(resolve, 1))
        }
        link.setReachable(true)
        await writer.put('w/last', '1')
        await until(() => watch.state.has('w/last'), 'the last change came')
        expect(watch.state).toEqual(stateOf(await writer.listPrefix('w/')))
        expect(watch.words().filter((word) => word === 'synced')).toHaveLength(1)
        expectSensible(watch.events)
      }),
      { numRuns: 40 },
    )
  }, 60_000)
})

it('tells of each change that it delivers, and how long the reader let it wait', async () => {
  const store = createEmbeddedStore()
  const events: KvWatchEvent[] = []
  const observeWatch = (event: KvWatchEvent) => events.push(event)
  await using writer = await createEmbeddedKvstore({ store, log, signal })
  await using reader = await createEmbeddedKvstore({ store, log, signal, observeWatch })
  const prefix = 'cilium/state/ip/v1/'
  await writer.put(`${prefix}listed`, '')
  const stop = new AbortController()
  let slowMs = 0
  for await (const event of reader.watchPrefix(prefix, { signal: stop.signal })) {
    if (event.kind === 'synced') {
      await writer.commit({ conditions: [], writes: ['a', 'b'].map((key) => putOf(prefix + key)) })
      await writer.delete(`${prefix}listed`)
    }
    if (event.kind === 'upsert' && event.entry.key === `${prefix}a`) {
      const startedMs = performance.now()
      await new Promise((resolve) => setTimeout(resolve, 20))
      slowMs = performance.now() - startedMs
    }
    if (event.kind === 'delete') stop.abort()
  }
  const of = (action: KvWatchEvent['action']) => ({ scope: 'ip/v1', action })
  expect(events).toMatchObject([of('upsert'), of('upsert'), of('delete')])
  // Both came with one revision: the second waited while the reader was busy with the first.
  expect(events[1]?.queuedMs).toBeGreaterThanOrEqual(slowMs)
})

const putOf = (key: string) => ({ kind: 'put', key, value: '' }) as const

/** No removal of what was never there, and no revision that goes back. */
function expectSensible(events: ReturnType<typeof follow>['events']): void {
  const revisions = new Map<string, number>()
  for (const event of events) {
    if (event.kind === 'synced' || event.kind === 'history-lost') continue
    if (event.kind === 'delete') {
      expect(revisions.delete(event.key)).toBe(true)
      continue
    }
    expect(event.entry.modRevision).toBeGreaterThan(revisions.get(event.entry.key) ?? 0)
    revisions.set(event.entry.key, event.entry.modRevision)
  }
}
