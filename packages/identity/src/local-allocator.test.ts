import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLocalIdentityAllocator, LocalIdentitiesExhaustedError } from './local-allocator.ts'
import { localIdentityRange } from './types.ts'

describe('local identities', () => {
  it('counts references and does not reuse a number before the others', () => {
    const allocator = createLocalIdentityAllocator({ min: 10, max: 12 })
    expect(allocator.acquire('10.0.0.0/8')).toBe(10)
    expect(allocator.acquire('10.0.0.0/8')).toBe(10)
    expect(allocator.release('10.0.0.0/8')).toBe(false)
    expect(allocator.release('10.0.0.0/8')).toBe(true)
    expect(allocator.release('10.0.0.0/8')).toBe(false)
    expect(allocator.acquire('10.0.0.0/8')).toBe(11)
    expect(allocator.acquire('10.1.0.0/16')).toBe(12)
    expect(allocator.acquire('10.2.0.0/16')).toBe(10)
    expect(() => allocator.acquire('10.3.0.0/16')).toThrow(LocalIdentitiesExhaustedError)
  })

  it('starts at the local range', () => {
    expect(createLocalIdentityAllocator().acquire('10.0.0.0/8')).toBe(localIdentityRange.min)
  })

  it('restores numbers, refuses conflicts, and drops what nobody acquired', () => {
    const allocator = createLocalIdentityAllocator({ min: 10, max: 20 })
    expect(allocator.restore('10.0.0.0/8', 15)).toBe(true)
    expect(allocator.restore('10.1.0.0/16', 15)).toBe(false)
    expect(allocator.restore('10.0.0.0/8', 16)).toBe(false)
    expect(allocator.restore('10.1.0.0/16', 21)).toBe(false)
    expect(allocator.restore('10.2.0.0/16', 12)).toBe(true)
    expect(allocator.acquire('10.0.0.0/8')).toBe(15)
    expect(allocator.acquire('10.9.0.0/16')).toBe(16)
    expect(allocator.dropUnused()).toEqual(['10.2.0.0/16'])
    expect(allocator.get('10.2.0.0/16')).toBeUndefined()
    expect(allocator.size).toBe(2)
  })

  it('never gives one number to two prefixes', () => {
    const steps = fc.array(fc.record({ take: fc.boolean(), cidr: fc.integer({ min: 0, max: 12 }) }), {
      maxLength: 200,
    })
    fc.assert(
      fc.property(steps, (list) => {
        const allocator = createLocalIdentityAllocator({ min: 1, max: 16 })
        const model = new Map<string, { id: number; references: number }>()
        for (const { take, cidr } of list) {
          const name = `10.${cidr}.0.0/16`
          if (take) {
            const id = allocator.acquire(name)
            const known = model.get(name)
            if (known !== undefined) expect(id).toBe(known.id)
            else expect([...model.values()].map((entry) => entry.id)).not.toContain(id)
            model.set(name, { id, references: (known?.references ?? 0) + 1 })
          } else {
            const known = model.get(name)
            expect(allocator.release(name)).toBe(known?.references === 1)
            if (known === undefined) continue
            if (known.references === 1) model.delete(name)
            else model.set(name, { ...known, references: known.references - 1 })
          }
        }
        expect(allocator.size).toBe(model.size)
      }),
    )
  })
})
