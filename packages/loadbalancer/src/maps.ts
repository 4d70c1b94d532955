import { frontendKey, type L4Address } from './keys.ts'
import type { LbBackend, LbOperation, LbService, LbSnapshot } from './operations.ts'
import { WordMap } from './word-map.ts'

/** The entries of one frontend; one without any is not held. */
type FrontendEntries = {
  readonly frontend: L4Address
  service: LbService | undefined
  /** Backend ids of the slots 1, 2 and so on; 0 for a slot that is not there. The last one is not 0. */
  readonly slots: number[]
}

/** How many entries each of the maps has; `services` counts service entries and slots, which share one. */
export type LbMapSizes = Readonly<{ services: number; backends: number; reverseNat: number }>

/** What the load balancing maps hold, kept up to date by telling it every operation that succeeded. */
export class LbMaps {
  readonly backends = new Map<number, LbBackend>()
  readonly reverseNat = new Map<number, L4Address>()
  readonly #frontends = new Map<string, FrontendEntries>()
  /** How many slots hold a backend id. */
  readonly #slotCounts = new WordMap()

  load({ backends, services, slots, reverseNat }: LbSnapshot): void {
    for (const { id, backend } of backends) this.applied({ kind: 'put-backend', id, backend })
    for (const slot of slots) this.applied({ kind: 'put-slot', ...slot })
    for (const entry of reverseNat) this.applied({ kind: 'put-reverse-nat', ...entry })
    for (const entry of services) this.applied({ kind: 'put-service', ...entry })
  }

  /** Costs a walk over all frontends. */
  sizes(): LbMapSizes {
    let services = 0
    for (const count of this.#slotCounts.values()) services += count
    for (const { service } of this.#frontends.values()) services += service === undefined ? 0 : 1
    return { services, backends: this.backends.size, reverseNat: this.reverseNat.size }
  }

  /** Every frontend that has a service entry or a slot. */
  *frontends(): Generator<L4Address> {
    for (const { frontend } of this.#frontends.values()) yield frontend
  }

  serviceOf(key: string): LbService | undefined {
    return this.#frontends.get(key)?.service
  }

  /** Backend id by slot. */
  slotsOf(key: string): ReadonlyMap<number, number> {
    const found = new Map<number, number>()
    this.#frontends.get(key)?.slots.forEach((id, index) => {
      if (id !== 0) found.set(index + 1, id)
    })
    return found
  }

  isInSlot(backendId: number): boolean {
    return this.#slotCounts.get(0, backendId) > 0
  }

  applied(operation: LbOperation): void {
    switch (operation.kind) {
      case 'put-backend':
        this.backends.set(operation.id, operation.backend)
        break
      case 'delete-backend':
        this.backends.delete(operation.id)
        break
      case 'put-reverse-nat':
        this.reverseNat.set(operation.index, operation.frontend)
        break
      case 'delete-reverse-nat':
        this.reverseNat.delete(operation.index)
        break
      case 'put-service':
        this.#change(operation.frontend, (entries) => {
          entries.service = operation.service
        })
        break
      case 'delete-service':
        this.#change(operation.frontend, (entries) => {
          entries.service = undefined
        })
        break
      case 'put-slot':
        this.#change(operation.frontend, ({ slots }) => {
          this.#setSlot(slots, operation.slot, operation.backendId)
        })
        break
      case 'delete-slot':
        this.#change(operation.frontend, ({ slots }) => this.#setSlot(slots, operation.slot, 0))
        break
    }
  }

  #change(frontend: L4Address, apply: (entries: FrontendEntries) => void): void {
    const key = frontendKey(frontend)
    const known = this.#frontends.get(key)
    const entries = known ?? { frontend, service: undefined, slots: [] }
    apply(entries)
    const isEmpty = entries.service === undefined && entries.slots.length === 0
    if (isEmpty) this.#frontends.delete(key)
    else if (known === undefined) this.#frontends.set(key, entries)
  }

  #setSlot(slots: number[], slot: number, backendId: number): void {
    const before = slots[slot - 1] ?? 0
    if (before !== 0) this.#countSlot(before, -1)
    if (backendId !== 0) this.#countSlot(backendId, 1)
    while (slots.length < slot) slots.push(0)
    slots[slot - 1] = backendId
    while (slots.at(-1) === 0) slots.pop()
  }

  #countSlot(backendId: number, by: 1 | -1): void {
    this.#slotCounts.set(0, backendId, this.#slotCounts.get(0, backendId) + by)
  }
}
