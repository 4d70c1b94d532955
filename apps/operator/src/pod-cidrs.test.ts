import { allocatePodCidrs } from '@axoneme/ipam'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { withPending } from './pod-cidrs.ts'

it.each([
  { name: 'a write under way', recorded: [], pending: [['b', '10.0.0.0/24']], want: [['b', '10.0.0.0/24']] },
  {
    name: 'a record that differs from the write',
    recorded: [['b', '10.0.1.0/24']],
    pending: [['b', '10.0.0.0/24']],
    want: [['b', '10.0.1.0/24']],
  },
  {
    name: 'a write whose prefix another node has',
    recorded: [['a', '10.0.0.0/24']],
    pending: [['b', '10.0.0.0/24']],
    want: [['a', '10.0.0.0/24']],
  },
] as const)('counts $name', ({ recorded, pending, want }) => {
  expect([...withPending(new Map(recorded), pending)]).toEqual(want)
})

it('never gives two nodes one prefix, whenever records come back and whoever leads', () => {
  const event = fc.record({
    node: fc.constantFrom('a', 'b', 'c', 'd'),
    kind: fc.constantFrom('appears', 'recorded', 'another leads'),
  })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20 }), (events) => {
      const nodes = new Set<string>()
      const recorded = new Map<string, string>()
      /** What the apiserver has: the first write to a node stays. */
      const written = new Map<string, string>()
      let pending: [string, string][] = []
      let given = new Map<string, string>()
      for (const { node, kind } of events) {
        const stored = written.get(node)
        if (kind === 'appears') nodes.add(node)
        else if (kind === 'another leads') {
          // Of what the one before wrote, its tables may know nothing yet: what it lists first does.
          pending = []
          given = new Map(written)
        } else if (stored !== undefined) recorded.set(node, stored)
        for (const at of recorded.keys()) given.delete(at)
        const existing = withPending(recorded, [...pending, ...given])
        const plan = allocatePodCidrs({ pools: ['10.0.0.0/20'], maskSize: 24, existing, nodes })
        pending = [...plan.assigned].filter(([at]) => !recorded.has(at) && !given.has(at))
        for (const [at, cidr] of pending) if (!written.has(at)) written.set(at, cidr)
      }
      expect(new Set(written.values()).size).toBe(written.size)
    }),
  )
})
