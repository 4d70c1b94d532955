import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planSlots } from './slots.ts'

const slotsOf = (ids: readonly number[]) => new Map(ids.map((id, i) => [i + 1, id]))

describe('planSlots', () => {
  it.each([
    { name: 'appends', have: [1, 2], want: [1, 2, 3], writes: ['3=3'], deletes: [] },
    { name: 'moves the last into the hole', have: [1, 2, 3], want: [2, 3], writes: ['1=3'], deletes: [3] },
    { name: 'drops the last', have: [1, 2, 3], want: [1, 2], writes: [], deletes: [3] },
    { name: 'replaces in place', have: [1, 2, 3], want: [1, 3, 4], writes: ['2=4'], deletes: [] },
    { name: 'fills two holes', have: [1, 2, 3, 4], want: [3, 4], writes: ['1=4', '2=3'], deletes: [4, 3] },
    { name: 'empties', have: [1, 2], want: [], writes: [], deletes: [2, 1] },
    { name: 'does nothing', have: [2, 1], want: [1, 2], writes: [], deletes: [] },
    { name: 'repairs a double', have: [1, 1], want: [1], writes: [], deletes: [2] },
  ])('$name', ({ have, want, writes, deletes }) => {
    const plan = planSlots({ slots: slotsOf(have), count: have.length, want })
    expect(plan.writes.map(({ slot, backendId }) => `${slot}=${backendId}`)).toEqual(writes)
    expect(plan.deletes).toEqual(deletes)
    expect(plan.count).toBe(want.length)
  })

  it('ends exact, with the fewest writes, from any state that a crash can leave', () => {
    const ids = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 9 })
    const want = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 9 })
    fc.assert(
      fc.property(ids, fc.nat(9), want, (have, beyond, wanted) => {
        const count = Math.max(0, have.length - beyond)
        const slots = slotsOf(have)
        const plan = planSlots({ slots, count, want: wanted })
        for (const { slot, backendId } of plan.writes) slots.set(slot, backendId)
        for (const slot of plan.deletes) expect(slots.delete(slot)).toBe(true)
        expect([...slots.keys()].sort((a, b) => a - b)).toEqual(wanted.map((_, i) => i + 1))
        expect([...slots.values()].sort()).toEqual([...wanted].sort())
        expect(plan.writes.length).toBeLessThanOrEqual(wanted.length)
        const staying = new Set(
          have.slice(0, Math.min(count, wanted.length)).filter((id) => wanted.includes(id)),
        )
        expect(plan.writes.length).toBe(wanted.length - staying.size)
      }),
    )
  })
})
