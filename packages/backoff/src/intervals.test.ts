import { expect, it } from 'vitest'
import { describeIntervals } from './intervals.ts'
import { spreadDelayMs, spreadWidthMs } from './spread.ts'

it('tells name, base, growth, jitter and the value of now', () => {
  const rows = describeIntervals(
    {
      kvstoreResync: { does: 'a', period: { baseMs: 60_000, jitter: 0.2, growsWithCluster: true } },
      heartbeat: { does: 'b', period: { baseMs: 1000, jitter: 0.1 } },
      bootstrapStep: { does: 'c', retry: { minMs: 200, maxMs: 10_000, jitter: 'decorrelated' } },
      call: { does: 'd', retry: { minMs: 50, maxMs: 5000 } },
      restartTurn: { does: 'e', spread: { perNodeMs: 10, maxMs: 30_000 } },
    },
    { nodeCount: 4096 },
  )
  expect(rows).toMatchObject([
    { name: 'kvstore-resync', baseMs: 60_000, growth: 'cluster-size', jitter: 0.2 },
    { name: 'heartbeat', does: 'b', baseMs: 1000, growth: 'none', jitter: 0.1, currentMs: 1000 },
    { name: 'bootstrap-step', growth: 'exponential', maxMs: 10_000, jitter: 'decorrelated', currentMs: 200 },
    { name: 'call', baseMs: 50, growth: 'exponential', maxMs: 5000, jitter: 'full', currentMs: 50 },
    { name: 'restart-turn', growth: 'nodes', baseMs: 10, maxMs: 30_000, jitter: 'full', currentMs: 30_000 },
  ])
  expect(rows[0]?.currentMs).toBeCloseTo(499_080.6, 1)
})

it.each([
  { nodeCount: 0, widthMs: 0 },
  { nodeCount: 3, widthMs: 30 },
  { nodeCount: 1000, widthMs: 10_000 },
  { nodeCount: 50_000, widthMs: 30_000 },
])('a spread over $nodeCount nodes is $widthMs ms wide', ({ nodeCount, widthMs }) => {
  const spread = { perNodeMs: 10, maxMs: 30_000 }
  expect(spreadWidthMs(spread, nodeCount)).toBe(widthMs)
  expect(spreadDelayMs(spread, { nodeCount, random: () => 0.25 })).toBe(widthMs / 4)
})
