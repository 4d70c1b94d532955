import fc from 'fast-check'
import { expect, it } from 'vitest'
import { jitteredPeriod } from './period.ts'
import { spreadDelayMs } from './spread.ts'

const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

it('a period is drawn from its share around what it is in a cluster of this size', () => {
  fc.assert(
    fc.property(
      ...[fc.integer({ min: 1, max: 1e7 }), fc.double({ min: 0, max: 1, noNaN: true })],
      ...[fc.boolean(), fc.integer({ min: 0, max: 10_000 }), draw],
      (baseMs, jitter, growsWithCluster, nodeCount, drawn) => {
        const period = { baseMs, jitter, growsWithCluster }
        const drawnMs = jitteredPeriod(period, { nodeCount, random: () => drawn })
        const meanMs = baseMs * (growsWithCluster && nodeCount > 0 ? Math.log1p(nodeCount) : 1)
        expect(drawnMs).toBeGreaterThanOrEqual(meanMs * (1 - jitter) * 0.999_999)
        expect(drawnMs).toBeLessThanOrEqual(meanMs * (1 + jitter) * 1.000_001)
      },
    ),
  )
})

it('a spread is drawn from all of its width, which grows with the nodes to its maximum', () => {
  const spread = { perNodeMs: 10, maxMs: 1000 }
  const drawAt = (nodeCount: number, drawn: number) =>
    spreadDelayMs(spread, { nodeCount, random: () => drawn })
  expect([drawAt(0, 0.5), drawAt(-1, 0.5), drawAt(20, 0), drawAt(20, 0.5)]).toEqual([0, 0, 0, 100])
  expect(drawAt(100_000, 0.5)).toBe(500)
})
