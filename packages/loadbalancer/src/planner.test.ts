import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLbAllocator } from './allocator.ts'
import { frontendKey, type L4Address } from './keys.ts'
import type { LbBackend, LbOperation, LbService, LbSnapshot } from './operations.ts'
import { createLbPlanner, type LbPlanner } from './planner.ts'
import { type BackendState, type FrontendRow, serving } from './types.ts'

/** The maps as the kernel has them, and a lookup as the datapath does it. */
class KernelMaps {
  readonly backends = new Map<number, LbBackend>()
  readonly services = new Map<string, LbService>()
  readonly slots = new Map<string, number>()
  readonly reverseNat = new Map<number, L4Address>()
  readonly frontends = new Map<string, L4Address>()

  apply(operation: LbOperation): void {
    if ('frontend' in operation) this.frontends.set(frontendKey(operation.frontend), operation.frontend)
    switch (operation.kind) {
      case 'put-backend':
        this.backends.set(operation.id, operation.backend)
        break
      case 'put-slot':
        this.slots.set(slotKey(operation), operation.backendId)
        break
      case 'put-reverse-nat':
        this.reverseNat.set(operation.index, operation.frontend)
        break
      case 'put-service':
        this.services.set(frontendKey(operation.frontend), operation.service)
        break
      case 'delete-backend':
        expect(this.backends.delete(operation.id)).toBe(true)
        break
      case 'delete-slot':
        expect(this.slots.delete(slotKey(operation))).toBe(true)
        break
      case 'delete-reverse-nat':
        expect(this.reverseNat.delete(operation.index)).toBe(true)
        break
      case 'delete-service':
        expect(this.services.delete(frontendKey(operation.frontend))).toBe(true)
        break
    }
  }

  /** Every backend that a connection to the frontend can get; throws where the datapath would find a hole. */
  reachable(key: string): string[] {
    const service = this.services.get(key)
    if (service === undefined) return []
    if (!this.reverseNat.has(service.revNatIndex)) throw new Error(`${key} has no reverse NAT`)
    return Array.from({ length: service.count }, (_, i) => {
      const id = this.slots.get(`${key}#${i + 1}`)
      const backend = id === undefined ? undefined : this.backends.get(id)
      if (backend === undefined) throw new Error(`${key} slot ${i + 1} leads nowhere`)
      return frontendKey(backend)
    })
  }

  snapshot(): LbSnapshot {
    const frontend = (key: string) => this.frontends.get(key) as L4Address
    return {
      backends: Array.from(this.backends, ([id, backend]) => ({ id, backend })),
      services: Array.from(this.services, ([key, service]) => ({ frontend: frontend(key), service })),
      slots: Array.from(this.slots, ([key, backendId]) => {
        const [of = '', slot] = key.split('#')
        return { frontend: frontend(of), slot: Number(slot), backendId }
      }),
      reverseNat: Array.from(this.reverseNat, ([index, of]) => ({ index, frontend: of })),
    }
  }
}

function slotKey({ frontend, slot }: { frontend: L4Address; slot: number }): string {
  return `${frontendKey(frontend)}#${slot}`
}

function row(service: number, backends: readonly (readonly [number, BackendState])[]): FrontendRow {
  const address = { address: `10.96.0.${service}`, port: 80, protocol: 'TCP' } as const
  return {
    ...address,
    key: frontendKey(address),
    kind: 'ClusterIP',
    service: `default/s${service}`,
    portName: '',
    affinityTimeoutSeconds: 0,
    backends: backends.map(([last, state]) => ({
      address: `10.4.0.${last}`,
      port: 8080,
      protocol: 'TCP',
      state,
      nodeName: '',
    })),
  }
}

const keysOf = (of: FrontendRow | undefined) =>
  of === undefined ? [] : serving(of.backends).map(frontendKey)

/** The maps hold exactly what the rows say, whatever the numbers are. */
function expectExact(maps: KernelMaps, rows: ReadonlyMap<string, FrontendRow>) {
  expect([...maps.services.keys()].sort()).toEqual([...rows.keys()].sort())
  for (const [key, want] of rows) expect(maps.reachable(key).sort()).toEqual(keysOf(want).sort())
  expect([...maps.slots.keys()].sort()).toEqual(
    [...rows].flatMap(([key, want]) => keysOf(want).map((_, i) => `${key}#${i + 1}`)).sort(),
  )
  const named = new Set([...rows.values()].flatMap((want) => want.backends.map(frontendKey)))
  expect([...maps.backends.values()].map(frontendKey).sort()).toEqual([...named].sort())
  expect([...maps.reverseNat.values()].map(frontendKey).sort()).toEqual([...rows.keys()].sort())
  for (const [key, service] of maps.services) {
    expect(frontendKey(maps.reverseNat.get(service.revNatIndex)!)).toBe(key)
  }
}

const state = fc.constantFrom<BackendState>('active', 'active', 'active', 'terminating', 'draining')
const someBackends = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 8 }), state), { selector: ([last]) => last, maxLength: 8 })
  .map((backends) => backends.sort(([a], [b]) => a - b))
const step = fc.record({
  service: fc.integer({ min: 1, max: 3 }),
  /** Undefined: the service goes. */
  backends: fc.option(someBackends, { nil: undefined, freq: 5 }),
  /** How many operations are carried out before the agent is killed or a write fails. */
  stopAfter: fc.option(fc.nat(12), { nil: undefined, freq: 3 }),
  ending: fc.constantFrom('fail' as const, 'kill' as const),
})

describe('createLbPlanner', () => {
  it('leads every connection somewhere valid at every instant and ends exact', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const maps = new KernelMaps()
        let planner = createLbPlanner()
        const rows = new Map<string, FrontendRow>()
        const replan = (of: LbPlanner) => {
          for (const want of rows.values()) for (const at of of.plan(want)) carryOut(of, at)
          for (const at of of.planPrune([...rows.values()])) carryOut(of, at)
        }
        const carryOut = (of: LbPlanner, operation: LbOperation) => {
          maps.apply(operation)
          of.applied(operation)
          for (const key of maps.services.keys()) maps.reachable(key)
        }
        for (const { service, backends, stopAfter, ending } of steps) {
          const want = row(service, backends ?? [])
          const before = maps.reachable(want.key)
          const after = backends === undefined ? [] : keysOf(want)
          if (backends === undefined) rows.delete(want.key)
          else rows.set(want.key, want)
          const operations = backends === undefined ? planner.planRemoval(want) : planner.plan(want)
          const others = [...maps.services.keys()].filter((key) => key !== want.key)
          const untouched = others.map((key) => maps.reachable(key))
          for (const operation of operations.slice(0, stopAfter)) {
            carryOut(planner, operation)
            const now = maps.reachable(want.key)
            for (const backend of now) expect([...before, ...after]).toContain(backend)
            if (before.length > 0 && after.length > 0) expect(now.length).toBeGreaterThan(0)
            expect(others.map((key) => maps.reachable(key))).toEqual(untouched)
          }
          if (stopAfter !== undefined && stopAfter < operations.length) {
            if (ending === 'kill') planner = createLbPlanner({ snapshot: maps.snapshot() })
            replan(planner)
          }
          expectExact(maps, rows)
          expect(planner.sizes()).toEqual({
            services: maps.services.size + maps.slots.size,
            backends: maps.backends.size,
            reverseNat: maps.reverseNat.size,
          })
        }
        // A restart changes nothing; states of shared backends are known only after all rows were planned once.
        const restarted = createLbPlanner({ snapshot: maps.snapshot() })
        const first = [...rows.values()].flatMap((want) => {
          const operations = restarted.plan(want)
          for (const operation of operations) carryOut(restarted, operation)
          return operations
        })
        expect(first.filter((operation) => operation.kind !== 'put-backend')).toEqual([])
        expect([...rows.values()].flatMap((want) => restarted.plan(want))).toEqual([])
        expect(restarted.planPrune([...rows.values()])).toEqual([])
        expectExact(maps, rows)
      }),
      { numRuns: 300 },
    )
  })

  it('writes in the order that keeps every instant whole', () => {
    const planner = createLbPlanner()
    const run = (operations: LbOperation[]) => {
      for (const operation of operations) planner.applied(operation)
      return operations.map((operation) => operation.kind)
    }
    expect(run(planner.plan(row(1, [[1, 'active']])))).toEqual([
      'put-backend',
      'put-slot',
      'put-reverse-nat',
      'put-service',
    ])
    expect(
      run(
        planner.plan(
          row(1, [
            [1, 'active'],
            [2, 'active'],
            [3, 'active'],
          ]),
        ),
      ),
    ).toEqual(['put-backend', 'put-backend', 'put-slot', 'put-slot', 'put-service'])
    expect(
      run(
        planner.plan(
          row(1, [
            [2, 'active'],
            [3, 'active'],
          ]),
        ),
      ),
    ).toEqual(['put-slot', 'put-service', 'delete-slot', 'delete-backend'])
    expect(
      run(
        planner.plan(
          row(1, [
            [2, 'active'],
            [3, 'active'],
          ]),
        ),
      ),
    ).toEqual([])
    expect(run(planner.planRemoval(row(1, [])))).toEqual([
      'delete-service',
      'delete-reverse-nat',
      'delete-slot',
      'delete-slot',
      'delete-backend',
      'delete-backend',
    ])
  })

  it('keeps the entry of a draining backend, and its number, without a slot', () => {
    const planner = createLbPlanner()
    const maps = new KernelMaps()
    const go = (want: FrontendRow) => {
      for (const operation of planner.plan(want)) {
        maps.apply(operation)
        planner.applied(operation)
      }
    }
    go(
      row(1, [
        [1, 'active'],
        [2, 'active'],
      ]),
    )
    const [id] = [...maps.backends].find(([, backend]) => backend.address === '10.4.0.2')!
    go(
      row(1, [
        [1, 'active'],
        [2, 'draining'],
      ]),
    )
    expect(maps.reachable('10.96.0.1:80/TCP')).toEqual(['10.4.0.1:8080/TCP'])
    expect(maps.backends.get(id)?.state).toBe('draining')
    go(
      row(1, [
        [1, 'active'],
        [2, 'active'],
      ]),
    )
    expect(maps.backends.get(id)?.state).toBe('active')
    go(row(1, [[1, 'active']]))
    expect(maps.backends.has(id)).toBe(false)
  })

  it('spreads connections evenly after any churn', () => {
    const planner = createLbPlanner()
    const maps = new KernelMaps()
    // A fixed generator: the test says the same every time.
    let seed = 42
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((seed / 2 ** 32) * below)
    }
    for (let change = 0; change < 200; change++) {
      const backends = Array.from({ length: 40 }, (_, i) => [i + 1, 'active'] as const).filter(
        () => random(2) === 0,
      )
      for (const operation of planner.plan(row(1, backends))) {
        maps.apply(operation)
        planner.applied(operation)
      }
    }
    const slots = maps.reachable('10.96.0.1:80/TCP')
    const connections = 100_000
    const counts = new Map<string, number>()
    for (let i = 0; i < connections; i++) {
      const backend = slots[random(slots.length)] as string
      counts.set(backend, (counts.get(backend) ?? 0) + 1)
    }
    const expected = connections / new Set(slots).size
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    const freedom = counts.size - 1
    expect(counts.size).toBe(slots.length)
    // Mean plus four standard deviations of the distribution: beyond it in fewer than 1 of 1000 cases.
    expect(chiSquare).toBeLessThan(freedom + 4 * Math.sqrt(2 * freedom))
  })

  it('says when the numbers are used up, and has them again after a removal', () => {
    const planner = createLbPlanner({ allocator: createLbAllocator({ revNatIndexes: 1 }) })
    for (const operation of planner.plan(row(1, []))) planner.applied(operation)
    expect(() => planner.plan(row(2, []))).toThrow(expect.objectContaining({ code: 'LB_NUMBERS_EXHAUSTED' }))
    for (const operation of planner.planRemoval(row(1, []))) planner.applied(operation)
    expect(planner.plan(row(2, [])).map((operation) => operation.kind)).toEqual([
      'put-reverse-nat',
      'put-service',
    ])
  })
})
