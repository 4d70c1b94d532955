import { frontendKey, type L4Address } from './keys.ts'
import type { LbBackend, LbOperation, LbService, LbSnapshot } from './operations.ts'

const noSlots: ReadonlyMap<number, number> = new Map()

export type LbMapSizes = Readonly<Record<'services' | 'backends' | 'reverseNat', number>>

/** What the load balancing maps hold, kept up to date by telling it every operation that succeeded. */
export class LbMaps {
  readonly backends = new Map<number, LbBackend>()
  readonly reverseNat = new Map<number, L4Address>()
  readonly #services = new Map<string, LbService>()
  readonly #slots = new Map<string, Map<number, number>>()
  /** Every frontend that has a service entry or a slot. */
  readonly #frontends = new Map<string, L4Address>()
  /** How many slots hold a backend id. */
  readonly #slotCounts = new Map<number, number>()
  #slotTotal = 0

  load({ backends, services, slots, reverseNat }: LbSnapshot): void {
    for (const { id, backend } of backends) this.applied({ kind: 'put-backend', id, backend })
    for (const slot of slots) this.applied({ kind: 'put-slot', ...slot })
    for (const entry of reverseNat) this.applied({ kind: 'put-reverse-nat', ...entry })
    for (const entry of services) this.applied({ kind: 'put-service', ...entry })
  }

  frontends(): IterableIterator<L4Address> {
    return this.#frontends.values()
  }

  /** How many entries each map holds; those of services and of their slots are in one map. */
  sizes(): LbMapSizes {
    return {
      services: this.#services.size + this.#slotTotal,
      backends: this.backends.size,
      reverseNat: this.reverseNat.size,
    }
  }

  serviceOf(key: string): LbService | undefined {
    return this.#services.get(key)
  }

  slotsOf(key: string): ReadonlyMap<number, number> {
    return this.#slots.get(key) ?? noSlots
  }

  isInSlot(backendId: number): boolean {
    return this.#slotCounts.has(backendId)
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
        this.#services.set(frontendKey(operation.frontend), operation.service)
        this.#keepFrontend(operation.frontend)
        break
      case 'delete-service':
        this.#services.delete(frontendKey(operation.frontend))
        this.#keepFrontend(operation.frontend)
        break
      case 'put-slot':
        this.#setSlot(operation.frontend, operation.slot, operation.backendId)
        break
      case 'delete-slot':
        this.#setSlot(operation.frontend, operation.slot, undefined)
        break
    }
  }

  #setSlot(frontend: L4Address, slot: number, backendId: number | undefined): void {
    const key = frontendKey(frontend)
    const slots = this.#slots.get(key) ?? new Map<number, number>()
    const before = slots.get(slot)
    if (before !== undefined) this.#countSlot(before, -1)
    if (backendId === undefined) slots.delete(slot)
    else {
      slots.set(slot, backendId)
      this.#countSlot(backendId, 1)
    }
    if (slots.size === 0) this.#slots.delete(key)
    else this.#slots.set(key, slots)
    this.#keepFrontend(frontend)
  }

  #countSlot(backendId: number, by: 1 | -1): void {
    this.#slotTotal += by
    const count = (this.#slotCounts.get(backendId) ?? 0) + by
    if (count === 0) this.#slotCounts.delete(backendId)
    else this.#slotCounts.set(backendId, count)
  }

  #keepFrontend(frontend: L4Address): void {
    const key = frontendKey(frontend)
    if (this.#services.has(key) || this.#slots.has(key)) this.#frontends.set(key, frontend)
    else this.#frontends.delete(key)
  }
}
