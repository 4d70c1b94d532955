import { createLbPlanner, type FrontendRow, type LbSnapshot } from '@axoneme/loadbalancer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyLbOperation, type LbMaps, readLbMaps } from './lb-maps.ts'
import { serviceTarget } from './service-target.ts'
import { frontendRow } from './testing/rows.ts'
import { isRoot } from './testing/test-cluster.ts'
import { testMap } from './testing/test-maps.ts'

function openMaps(): LbMaps & Disposable {
  const services = testMap('axo_lb4_services')
  const backends = testMap('axo_lb4_backends')
  const reverseNat = testMap('axo_lb4_revnat')
  return {
    services,
    backends,
    reverseNat,
    [Symbol.dispose]() {
      for (const map of [services, backends, reverseNat]) map.close()
    },
  }
}

const named = ({ services, backends, reverseNat }: LbMaps) => ({
  axo_lb4_services: services,
  axo_lb4_backends: backends,
  axo_lb4_revnat: reverseNat,
})

const anyBackend = fc.record({
  address: fc.constantFrom('10.0.0.1', '10.0.0.2', '255.255.255.255'),
  port: fc.constantFrom(1, 8080, 65_535),
  protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
  // Draining is written as terminating: the datapath treats them alike.
  state: fc.constantFrom('active' as const, 'terminating' as const),
})
const anyFrontend = fc
  .record({
    address: fc.constantFrom('10.96.0.1', '192.0.2.255', '0.0.0.1'),
    port: fc.constantFrom(1, 443, 65_535),
    backends: fc.uniqueArray(anyBackend, {
      maxLength: 5,
      selector: ({ address, port, protocol }) => `${address}:${port}/${protocol}`,
    }),
  })
  .map(frontendRow)
const anyFrontends = fc.uniqueArray(anyFrontend, { maxLength: 4, selector: (row) => row.key })

describe.runIf(isRoot)('load balancing maps', () => {
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(anyFrontends, (rows) => {
        using maps = openMaps()
        const planner = createLbPlanner()
        const written = { backends: new Map(), services: new Map(), slots: new Map(), reverseNat: new Map() }
        for (const row of rows) {
          for (const operation of planner.plan(row)) {
            applyLbOperation(maps, operation)
            planner.applied(operation)
            const { kind, ...entry } = operation
            if (kind === 'put-backend') {
              const { address, port, protocol, state } = operation.backend
              written.backends.set(operation.id, {
                id: operation.id,
                backend: { address, port, protocol, state },
              })
            } else if (kind === 'put-service') written.services.set(row.key, entry)
            else if (kind === 'put-slot') written.slots.set(`${row.key} ${operation.slot}`, entry)
            else if (kind === 'put-reverse-nat') written.reverseNat.set(operation.index, entry)
            else throw new Error(`${kind} for something new`)
          }
        }
        expect(canonical(readLbMaps(maps))).toEqual(
          canonical({
            backends: written.backends.values(),
            services: written.services.values(),
            slots: written.slots.values(),
            reverseNat: written.reverseNat.values(),
          }),
        )
      }),
      { numRuns: 50 },
    )
  })

  it('are what the table says after any changes, restarts and a prune', async () => {
    const { signal } = new AbortController()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ rows: anyFrontends, restart: fc.boolean() }), { maxLength: 5 }),
        async (steps) => {
          using maps = openMaps()
          let target = serviceTarget(named(maps))
          let before = new Map<string, FrontendRow>()
          for (const { rows, restart } of steps) {
            if (restart) target = serviceTarget(named(maps))
            const wanted = new Map(rows.map((row) => [row.key, row]))
            // After a restart nobody tells of what went meanwhile: that is what pruning is for.
            if (!restart) {
              for (const [key, row] of before) if (!wanted.has(key)) await target.delete(key, row, signal)
            }
            for (const row of rows) await target.update(row, signal)
            await target.prune?.(rows, signal)
            before = wanted
            expect(meaning(readLbMaps(maps))).toEqual(meaningOf(rows))
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  it('take no IPv6 frontend', async () => {
    using maps = openMaps()
    const target = serviceTarget(named(maps))
    const row = frontendRow({ address: 'fd00::1', port: 80, backends: [{ address: 'fd00::2', port: 80 }] })
    await target.update(row, new AbortController().signal)
    expect(canonical(readLbMaps(maps))).toEqual({ services: [], slots: [], backends: [], reverseNat: [] })
  })
})

/** With the fields of each row in one order. */
function canonical(snapshot: LbSnapshot) {
  return Object.fromEntries(
    Object.entries(snapshot).map(([name, rows]) => [
      name,
      Array.from(rows as Iterable<object>, (row) => JSON.stringify(sortFields(row))).sort(),
    ]),
  )
}

function sortFields(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => [name, sortFields(field)]),
  )
}

/** What the maps do: the backends that each frontend leads to, and where its replies seem to come from. */
function meaning({ services, slots, backends, reverseNat }: LbSnapshot) {
  const backendOf = new Map(Array.from(backends, ({ id, backend }) => [id, backend]))
  const sourceOf = new Map(Array.from(reverseNat, ({ index, frontend }) => [index, frontend]))
  const allSlots = [...slots]
  return Object.fromEntries(
    Array.from(services, ({ frontend, service }) => {
      const own = allSlots.filter((slot) => JSON.stringify(slot.frontend) === JSON.stringify(frontend))
      expect(own.map(({ slot }) => slot).sort((a, b) => a - b)).toEqual(
        Array.from({ length: service.count }, (_, i) => i + 1),
      )
      const source = sourceOf.get(service.revNatIndex)
      return [
        `${frontend.address}:${frontend.port}`,
        {
          source: `${source?.address}:${source?.port}`,
          backends: own.map(({ backendId }) => name(backendOf.get(backendId))).sort(),
        },
      ]
    }),
  )
}

function meaningOf(rows: readonly FrontendRow[]) {
  return Object.fromEntries(
    rows.map(({ address, port, backends }) => {
      const active = backends.filter(({ state }) => state === 'active')
      return [
        `${address}:${port}`,
        { source: `${address}:${port}`, backends: (active.length > 0 ? active : backends).map(name).sort() },
      ]
    }),
  )
}

function name(backend: { address: string; port: number; protocol: string } | undefined): string {
  return backend === undefined ? 'none' : `${backend.address}:${backend.port}/${backend.protocol}`
}
