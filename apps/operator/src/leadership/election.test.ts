import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { SimulatedCluster } from '../testing/simulated-cluster.ts'

const timing = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000 }
const goodWeather = { maxLatencyMs: 20, slow: 0, lost: 0, refused: 0, stalls: 0 }

/** Deterministic numbers from a seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

function expectAtMostOne(cluster: SimulatedCluster): void {
  const names = cluster.leading().map(({ name }) => name)
  expect(names.length, `${names} lead at ${cluster.time.nowMs}`).toBeLessThanOrEqual(1)
}

it('never has two leaders, whatever clocks and the network do, and has one when they behave', {
  timeout: 120_000,
}, async () => {
  const clock = fc.record({
    offsetMs: fc.integer({ min: -1e9, max: 1e9 }),
    rate: fc.constantFrom(0.9, 1, 1.1),
  })
  const share = fc.double({ min: 0, max: 0.6, noNaN: true })
  const weather = fc.record({
    maxLatencyMs: fc.integer({ min: 0, max: 10_000 }),
    slow: share,
    lost: share,
    refused: share,
    stalls: fc.double({ min: 0, max: 0.2, noNaN: true }),
  })
  let handovers = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(clock, { minLength: 2, maxLength: 4 }),
      fc.array(weather, { minLength: 1, maxLength: 3 }),
      fc.integer(),
      async (clocks, changes, seed) => {
        const cluster = new SimulatedCluster(clocks, { timing, random: randomFrom(seed) })
        const check = () => expectAtMostOne(cluster)
        for (const change of changes) {
          cluster.weather = change
          await cluster.time.run(cluster.time.nowMs + 120_000, check)
        }
        cluster.weather = goodWeather
        // The longest stall, the time of one lease on the slowest clock, and a little.
        await cluster.time.run(cluster.time.nowMs + 70_000, check)
        expect(cluster.leading()).toHaveLength(1)
        handovers += cluster.machines.reduce((sum, { terms }) => sum + terms, 0)
        const [leader] = cluster.leading()
        for (const machine of cluster.machines) if (machine !== leader) machine.stop()
        await cluster.time.run(cluster.time.nowMs + 10_000, check)
        leader?.stop()
        await cluster.time.run(cluster.time.nowMs + 10_000, check)
        await Promise.all(cluster.machines.map(({ ended }) => ended))
        expect(cluster.lease?.record.holder).toBe('')
      },
    ),
    { numRuns: 40 },
  )
  // Each run has one leader at least; without more of them the weather was too good for this to say anything.
  expect(handovers).toBeGreaterThan(40)
})

it('takes over at once from a leader that ends, and within a lease from one that vanishes', async () => {
  const still = { offsetMs: 0, rate: 1 }
  const cluster = new SimulatedCluster([still, still], { timing, random: randomFrom(1) })
  const run = (ms: number) => cluster.time.run(cluster.time.nowMs + ms, () => expectAtMostOne(cluster))
  await run(1_000)
  const [first] = cluster.leading()
  first?.stop()
  await run(2_500)
  const [second] = cluster.leading()
  expect(second?.name).not.toBe(first?.name)
  expect(cluster.lease?.record).toMatchObject({ holder: second?.name, transitions: 1 })
})

it('goes on as a follower when it cannot renew, and leads again later', async () => {
  const cluster = new SimulatedCluster([{ offsetMs: 5, rate: 1 }], { timing, random: randomFrom(2) })
  const run = (ms: number) => cluster.time.run(cluster.time.nowMs + ms, () => {})
  await run(1_000)
  cluster.weather = { ...goodWeather, refused: 1 }
  await run(timing.renewDeadlineMs - 3_500)
  expect(cluster.leading()).toHaveLength(1)
  await run(3_500)
  expect(cluster.leading()).toHaveLength(0)
  cluster.weather = goodWeather
  await run(3_000)
  expect(cluster.leading()).toHaveLength(1)
  expect(cluster.machines[0]?.terms).toBe(2)
})

it('leaves a holder alone for as long as it promised, also when somebody deletes the lease', async () => {
  const still = { offsetMs: 0, rate: 1 }
  const cluster = new SimulatedCluster([still], { timing, random: randomFrom(3) })
  cluster.store({ holder: 'gone', durationMs: 30_000, acquireTime: '', renewTime: '', transitions: 7 })
  const run = (ms: number) => cluster.time.run(cluster.time.nowMs + ms, () => {})
  await run(5_000)
  cluster.lease = undefined
  await run(24_000)
  expect(cluster.leading()).toHaveLength(0)
  await run(4_000)
  expect(cluster.leading()).toHaveLength(1)
})

it('counts a term from before the write was sent, not from its answer', async () => {
  const cluster = new SimulatedCluster([{ offsetMs: 0, rate: 1 }], { timing, random: () => 0.5 })
  cluster.weather = { ...goodWeather, maxLatencyMs: 4_000, slow: 1 }
  const until = (ms: number) => cluster.time.run(ms, () => {})
  // Written from 0 to 4 s.
  await until(5_000)
  expect(cluster.leading()).toHaveLength(1)
  cluster.weather = { ...goodWeather, refused: 1 }
  await until(9_900)
  expect(cluster.leading()).toHaveLength(1)
  await until(10_100)
  expect(cluster.leading()).toHaveLength(0)
})
