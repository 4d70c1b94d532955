import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planRollingUpdate, rollingLimits, type SetCounts } from './rolling-update.ts'

describe('rollingLimits', () => {
  it.each([
    [10, '25%', '25%', 3, 2],
    [1, '25%', '25%', 1, 0],
    [3, 1, 0, 1, 0],
    [3, 0, 0, 0, 1],
    [4, '0%', '0%', 0, 1],
    [2, 0, 5, 0, 2],
  ])('%d pods, surge %s, unavailable %s', (desired, surge, unavailable, maxSurge, maxUnavailable) => {
    expect(rollingLimits(desired, { maxSurge: surge, maxUnavailable: unavailable })).toEqual({
      maxSurge,
      maxUnavailable,
    })
  })
})

const limit = fc.oneof(
  fc.nat(4),
  fc.nat(100).map((percent) => `${percent}%`),
)

/** Sets as they are asked for, with their pods: those that exist, and how many of them serve. */
type World = { sets: Map<string, { wanted: number; existing: number; available: number }> }

function countsOf(world: World, name: string): SetCounts {
  const set = world.sets.get(name)
  return { name, replicas: set?.wanted ?? 0, available: set?.available ?? 0 }
}

describe('planRollingUpdate', () => {
  it('ends at the new template, and stays within its limits on every way there', () => {
    const scenario = fc.record({
      desired: fc.integer({ min: 1, max: 12 }),
      maxSurge: limit,
      maxUnavailable: limit,
      olds: fc.array(fc.nat(6), { minLength: 1, maxLength: 3 }),
      luck: fc.array(fc.nat(100), { minLength: 400, maxLength: 400 }),
    })
    fc.assert(
      fc.property(scenario, ({ desired, maxSurge, maxUnavailable, olds, luck }) => {
        const limits = rollingLimits(desired, { maxSurge, maxUnavailable })
        const oldNames = olds.map((_, i) => `old${i}`)
        const world: World = {
          sets: new Map([
            ...olds.map((size, i): [string, { wanted: number; existing: number; available: number }] => [
              `old${i}`,
              { wanted: size, existing: size, available: size },
            ]),
            ['new', { wanted: 0, existing: 0, available: 0 }],
          ]),
        }
        const total = () => [...world.sets.values()].reduce((sum, { wanted }) => sum + wanted, 0)
        const available = () =>
          [...world.sets.values()].reduce((sum, set) => sum + Math.min(set.wanted, set.available), 0)
        const mostPods = Math.max(total(), desired + limits.maxSurge)
        const fewestServing = Math.min(available(), desired - limits.maxUnavailable)
        for (const chance of luck) {
          const plan = planRollingUpdate({
            desired,
            limits,
            current: countsOf(world, 'new'),
            old: oldNames.map((name) => countsOf(world, name)),
          })
          for (const [name, size] of plan) {
            const set = world.sets.get(name)
            if (set === undefined) throw new Error(`no set ${name}`)
            set.wanted = size
            set.existing = size
            set.available = Math.min(set.available, size)
          }
          expect(total()).toBeLessThanOrEqual(mostPods)
          expect(available()).toBeGreaterThanOrEqual(fewestServing)
          // Some pods become available, one at a time and in no special order.
          const slow = [...world.sets.values()].filter((set) => set.available < set.existing)
          const lucky = slow[chance % Math.max(1, slow.length)]
          if (lucky !== undefined && chance % 3 > 0) lucky.available++
        }
        expect(countsOf(world, 'new')).toEqual({ name: 'new', replicas: desired, available: desired })
        expect(total()).toBe(desired)
      }),
      { numRuns: 300 },
    )
  })
})
