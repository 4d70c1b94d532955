import { cidrContains, parseCidr } from '@axoneme/net-types'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allocatePodCidrs } from './cluster-pool.ts'

const plan = (options: Partial<Parameters<typeof allocatePodCidrs>[0]>) =>
  allocatePodCidrs({ pools: ['10.0.0.0/22'], maskSize: 24, existing: new Map(), nodes: [], ...options })

describe('allocatePodCidrs', () => {
  it('gives the lowest free prefixes in order of names and keeps what is recorded', () => {
    const { assigned, added, conflicts, freeCount } = plan({
      nodes: ['c', 'a', 'b'],
      existing: new Map([
        ['b', '10.0.0.0/24'],
        ['gone', '10.0.1.0/24'],
      ]),
    })
    expect(Object.fromEntries(assigned)).toEqual({ a: '10.0.1.0/24', b: '10.0.0.0/24', c: '10.0.2.0/24' })
    expect([...added.keys()]).toEqual(['a', 'c'])
    expect(conflicts).toEqual([])
    expect(freeCount).toBe(1)
  })

  it('says which nodes get nothing when the pools are empty', () => {
    const { unassigned, freeCount } = plan({ nodes: ['a', 'b', 'c', 'd', 'f', 'e'] })
    expect(unassigned).toEqual(['e', 'f'])
    expect(freeCount).toBe(0)
  })

  it('goes on in the next pool and offers nothing twice where pools overlap', () => {
    const { assigned, freeCount } = plan({ pools: ['10.0.0.0/24', '10.0.0.0/23'], nodes: ['a', 'b'] })
    expect([...assigned.values()]).toEqual(['10.0.0.0/24', '10.0.1.0/24'])
    expect(freeCount).toBe(0)
  })

  it('reports overlaps, keeps the first node and gives the other nothing', () => {
    const { assigned, conflicts, added } = plan({
      nodes: ['a', 'b', 'c', 'd'],
      existing: new Map([
        ['a', '10.0.0.0/25'],
        ['b', '10.0.0.0/23'],
        ['c', 'nonsense'],
      ]),
    })
    expect(conflicts).toEqual([
      { node: 'b', cidr: '10.0.0.0/23', reason: 'overlaps that of node a' },
      { node: 'c', cidr: 'nonsense', reason: 'is no prefix' },
    ])
    expect(assigned.get('b')).toBeUndefined()
    // 10.0.1.0/24 may be in use by b.
    expect([...added]).toEqual([['d', '10.0.2.0/24']])
  })

  it('keeps a prefix from outside the pools', () => {
    expect(plan({ nodes: ['a'], existing: new Map([['a', '192.168.0.0/24']]) }).assigned.get('a')).toBe(
      '192.168.0.0/24',
    )
  })

  it.each([
    { pools: ['x'], maskSize: 24 },
    { pools: ['10.0.0.0/22'], maskSize: 21 },
    { pools: ['10.0.0.0/22'], maskSize: 33 },
    { pools: ['10.0.0.0/8'], maskSize: 30 },
  ])('refuses $pools cut to $maskSize', (options) => {
    expect(() => plan(options)).toThrow(expect.objectContaining({ code: 'IPAM_POOL_CONFIG' }))
  })

  it('is stable, without overlaps, and complete while there is room', () => {
    const node = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')
    const cidr = fc
      .record({ third: fc.integer({ min: 0, max: 9 }), length: fc.constantFrom(22, 23, 24, 25) })
      .map(({ third, length }) => `10.0.${third}.0/${length}`)
    const existing = fc.array(fc.tuple(node, cidr)).map((rows) => new Map(rows))
    fc.assert(
      fc.property(fc.uniqueArray(node), existing, (nodes, recorded) => {
        const options = { pools: ['10.0.0.0/21'], nodes, existing: recorded }
        const first = plan(options)
        const prefixes = Array.from(first.assigned.values(), (text) => parseCidr(text)!)
        for (const [i, a] of prefixes.entries()) {
          for (const b of prefixes.slice(i + 1)) expect(cidrContains(a, b) || cidrContains(b, a)).toBe(false)
        }
        const placed = first.assigned.size + first.conflicts.length + first.unassigned.length
        expect(placed).toBe(nodes.length)
        if (first.unassigned.length > 0) expect(first.freeCount).toBe(0)
        const again = plan({ ...options, existing: first.assigned, nodes: [...first.assigned.keys()] })
        expect(again.assigned).toEqual(first.assigned)
        expect(again.added.size + again.conflicts.length).toBe(0)
      }),
    )
  })

  it('plans 5000 nodes quickly enough to do it at every change', () => {
    const nodes = Array.from({ length: 5000 }, (_, i) => `node-${i}`)
    const first = plan({ pools: ['10.0.0.0/8'], nodes })
    expect(new Set(first.assigned.values()).size).toBe(5000)
    expect(first.freeCount).toBe(65_536 - 5000)
  })
})
