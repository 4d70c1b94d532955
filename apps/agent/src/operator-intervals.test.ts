import { createEmbeddedKvstore, createEmbeddedLink, createEmbeddedStore } from '@axoneme/kvstore'
import {
  operatorIntervalsKey,
  type PublishedIntervals,
  publishOperatorIntervals,
} from '@axoneme/kvstore-sync'
import { createLogger } from '@axoneme/log'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readOperatorIntervals } from './operator-intervals.ts'

const { signal } = new AbortController()
const log = createLogger({ sink: () => {} })
const row: PublishedIntervals['intervals'][number] = {
  name: 'identity-gc',
  does: 'collect identities',
  baseMs: 1_000,
  growth: 'none',
  jitter: 0.2,
  currentMs: 1_000,
}
const published: PublishedIntervals = { by: 'operator-1', at: '2026-11-23T07:00:00.000Z', intervals: [row] }

it('tells what the operator said', async () => {
  await using store = await createEmbeddedKvstore({ log, signal })
  expect(await readOperatorIntervals(store, { signal })).toEqual({
    reason: 'no operator has said it in the kvstore so far',
  })
  await publishOperatorIntervals(store, published, { signal })
  expect(await readOperatorIntervals(store, { signal })).toEqual({ published, reason: '' })
})

it('says that the kvstore is not there', async () => {
  expect(await readOperatorIntervals(undefined, { signal })).toMatchObject({
    reason: /not reach the kvstore/,
  })
  const link = createEmbeddedLink()
  await using store = await createEmbeddedKvstore({ link, log, signal })
  link.setReachable(false)
  const { published: none, reason } = await readOperatorIntervals(store, { signal })
  expect(none).toBeUndefined()
  expect(reason).toMatch(/^the kvstore was not read: /)
})

it('takes whatever is there for what it is', async () => {
  const data = createEmbeddedStore()
  await using store = await createEmbeddedKvstore({ store: data, log, signal })
  const almost = fc.record(
    {
      by: fc.oneof(fc.string(), fc.integer()),
      at: fc.oneof(fc.constant(published.at), fc.string()),
      intervals: fc.array(
        fc.record({ ...{ name: fc.string(), does: fc.string() }, baseMs: fc.double(), growth: fc.string() }),
      ),
    },
    { requiredKeys: [] },
  )
  const values = fc.oneof(
    fc.string(),
    fc.json(),
    almost.map((value) => JSON.stringify(value)),
    fc.constantFrom(
      JSON.stringify({ ...published, intervals: Array.from({ length: 300 }, () => row) }),
      JSON.stringify({ ...published, intervals: [{ ...row, baseMs: -1 }] }),
      JSON.stringify({ ...published, intervals: [{ ...row, does: 'x'.repeat(70_000) }] }),
      '[]'.repeat(50_000),
    ),
  )
  await fc.assert(
    fc.asyncProperty(values, async (value) => {
      await store.put(operatorIntervalsKey, value)
      const answer = await readOperatorIntervals(store, { signal })
      if (answer.published === undefined) expect(answer.reason).toMatch(/^nobody understands/)
      else expect(answer.published).toEqual(JSON.parse(value))
    }),
    { numRuns: 200 },
  )
})
