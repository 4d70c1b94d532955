import { createLbAllocator, type LbAllocator } from './allocator.ts'
import { BackendUsers } from './backend-users.ts'
import { TooManyBackendsError } from './errors.ts'
import { frontendKey, type L4Address } from './keys.ts'
import { type LbMapSizes, LbMaps } from './maps.ts'
import type { LbBackend, LbOperation, LbSnapshot } from './operations.ts'
import { planSlots } from './slots.ts'
import { type FrontendRow, serving } from './types.ts'

/** The count of a service entry has 16 bits. */
const maxSlots = 65_535

/**
 * Which writes make the maps hold what is wanted. They are carried out one by one in order, each followed by
 * `applied`: when one fails, the next plan starts from what the maps really hold. At every instant a service that has
 * backends before and after leads to one of them.
 *
 * Order of a change: backends, slots, reverse NAT, count; then what is not used any more. A backend goes when no slot
 * holds it and no frontend names it, so that connections of draining backends keep theirs.
 */
export type LbPlanner = {
  /** @throws LbNumbersExhaustedError, TooManyBackendsError */
  plan(row: FrontendRow): LbOperation[]
  planRemoval(frontend: L4Address): LbOperation[]
  /** Removes what none of `rows`, which are all, needs: what an earlier run or a crash left behind. */
  planPrune(rows: readonly FrontendRow[]): LbOperation[]
  applied(operation: LbOperation): void
  /** How many entries the maps hold. */
  sizes(): LbMapSizes
}

/** A planner for the maps of one address family; `snapshot` is what they hold now. */
export function createLbPlanner({
  snapshot,
  allocator = createLbAllocator(),
}: {
  snapshot?: LbSnapshot
  allocator?: LbAllocator
} = {}): LbPlanner {
  return new Planner(allocator, snapshot)
}

class Planner implements LbPlanner {
  readonly #maps = new LbMaps()
  readonly #users: BackendUsers
  readonly #numbers: LbAllocator

  constructor(numbers: LbAllocator, snapshot: LbSnapshot | undefined) {
    this.#numbers = numbers
    this.#users = new BackendUsers((backend) => numbers.knownBackendId(backend))
    if (snapshot === undefined) return
    this.#maps.load(snapshot)
    for (const [id, backend] of this.#maps.backends) numbers.restoreBackend(backend, id)
    for (const [index, frontend] of this.#maps.reverseNat) numbers.restoreFrontend(frontend, index)
  }

  sizes(): LbMapSizes {
    return this.#maps.sizes()
  }

  plan(row: FrontendRow): LbOperation[] {
    const frontend = l4Address(row)
    const chosen = serving(row.backends)
    if (chosen.length > maxSlots) {
      throw new TooManyBackendsError({ frontend: row.key, count: chosen.length, max: maxSlots })
    }
    const revNatIndex = this.#numbers.revNatIndex(frontend)
    const backends = row.backends.map((backend) => ({ id: this.#numbers.backendId(backend), backend }))
    this.#users.set(row.key, row.backends)

    const have = this.#maps.serviceOf(row.key)
    const { writes, count, deletes } = planSlots({
      slots: this.#maps.slotsOf(row.key),
      count: have?.count ?? 0,
      want: chosen.map((backend) => this.#numbers.backendId(backend)),
    })
    const operations = backends.flatMap(({ id, backend }) => this.#planBackend(id, backend))
    for (const write of writes) operations.push({ kind: 'put-slot', frontend, ...write })
    const reverseNat = this.#maps.reverseNat.get(revNatIndex)
    if (reverseNat === undefined || frontendKey(reverseNat) !== row.key) {
      operations.push({ kind: 'put-reverse-nat', index: revNatIndex, frontend })
    }
    if (have?.count !== count || have.revNatIndex !== revNatIndex) {
      operations.push({ kind: 'put-service', frontend, service: { count, revNatIndex } })
    }
    for (const slot of deletes) operations.push({ kind: 'delete-slot', frontend, slot })
    operations.push(...this.#planLost(new Set([row.key])))
    return operations
  }

  planRemoval(frontend: L4Address): LbOperation[] {
    const key = frontendKey(frontend)
    const operations = this.#planEntries(l4Address(frontend))
    return [...operations, ...this.#planLost(new Set([key]))]
  }

  planPrune(rows: readonly FrontendRow[]): LbOperation[] {
    const wanted = new Set(rows.map((row) => row.key))
    const gone = new Map<string, L4Address>()
    const operations: LbOperation[] = []
    for (const frontend of [...this.#maps.frontends(), ...this.#maps.reverseNat.values()]) {
      const key = frontendKey(frontend)
      if (!wanted.has(key)) gone.set(key, frontend)
    }
    for (const frontend of gone.values()) operations.push(...this.#planEntries(frontend))
    for (const [index, frontend] of this.#maps.reverseNat) {
      const isStray = this.#numbers.knownRevNatIndex(frontend) !== index
      if (isStray) operations.push({ kind: 'delete-reverse-nat', index, frontend })
    }
    for (const id of this.#maps.backends.keys()) this.#users.markLost(id)
    return [...operations, ...this.#planLost(new Set(gone.keys()))]
  }

  applied(operation: LbOperation): void {
    this.#maps.applied(operation)
    if (operation.kind === 'delete-backend') {
      this.#users.settle(operation.id)
      this.#numbers.releaseBackend(operation.backend, operation.id)
    } else if (operation.kind === 'delete-reverse-nat') {
      this.#numbers.releaseFrontend(operation.frontend, operation.index)
    }
  }

  /** Removes everything of one frontend but its backends, in reverse of how it was made. */
  #planEntries(frontend: L4Address): LbOperation[] {
    const key = frontendKey(frontend)
    this.#users.set(key, [])
    const operations: LbOperation[] = []
    if (this.#maps.serviceOf(key) !== undefined) operations.push({ kind: 'delete-service', frontend })
    const index = this.#numbers.knownRevNatIndex(frontend)
    if (index !== undefined) {
      if (this.#maps.reverseNat.has(index)) operations.push({ kind: 'delete-reverse-nat', index, frontend })
      else this.#numbers.releaseFrontend(frontend, index)
    }
    const slots = [...this.#maps.slotsOf(key).keys()].sort((a, b) => b - a)
    for (const slot of slots) operations.push({ kind: 'delete-slot', frontend, slot })
    return operations
  }

  #planBackend(id: number, backend: LbBackend): LbOperation[] {
    const state = this.#users.stateOf(id)
    // The row's own object where it says it all: there are many.
    const value: LbBackend = backend.state === state ? backend : { ...l4Address(backend), state }
    const have = this.#maps.backends.get(id)
    if (have?.state === value.state && frontendKey(have) === frontendKey(value)) return []
    return [{ kind: 'put-backend', id, backend: value }]
  }

  /** What becomes of backends that lost a user. The slots of `changing` are gone or rewritten before this runs. */
  #planLost(changing: ReadonlySet<string>): LbOperation[] {
    const operations: LbOperation[] = []
    for (const id of this.#users.lost) {
      const backend = this.#maps.backends.get(id)
      if (backend === undefined) this.#users.settle(id)
      else if (this.#users.has(id)) {
        const update = this.#planBackend(id, backend)
        operations.push(...update)
        if (update.length === 0) this.#users.settle(id)
      } else if (!this.#isInSlotOutside(id, changing))
        operations.push({ kind: 'delete-backend', id, backend })
    }
    return operations
  }

  #isInSlotOutside(id: number, changing: ReadonlySet<string>): boolean {
    if (!this.#maps.isInSlot(id)) return false
    for (const frontend of this.#maps.frontends()) {
      const key = frontendKey(frontend)
      if (!changing.has(key) && [...this.#maps.slotsOf(key).values()].includes(id)) return true
    }
    return false
  }
}

function l4Address({ address, port, protocol }: L4Address): L4Address {
  return { address, port, protocol }
}
