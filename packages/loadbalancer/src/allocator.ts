import { LbNumbersExhaustedError } from './errors.ts'
import { frontendKey, type L4Address } from './keys.ts'
import { L4Map } from './l4-map.ts'
import { NumberSet } from './number-set.ts'

/** Bounds of the map layouts: 32 bits of backend id, 16 bits of reverse NAT index; 0 means none. */
const maxBackendId = 2 ** 32 - 1
const maxRevNatIndex = 2 ** 16 - 1

/** The numbers that the datapath knows backends and frontends by: stable, each with one owner. */
export type LbAllocator = {
  /** @throws LbNumbersExhaustedError */
  backendId(backend: L4Address): number
  /** The number of a backend that has one. */
  knownBackendId(backend: L4Address): number | undefined
  /** @throws LbNumbersExhaustedError */
  revNatIndex(frontend: L4Address): number
  /** The number of a frontend that has one. */
  knownRevNatIndex(frontend: L4Address): number | undefined
  /** Nothing happens when the number is not the owner's. */
  releaseBackend(backend: L4Address, id: number): void
  releaseFrontend(frontend: L4Address, index: number): void
  /** Takes over a number of an earlier run. False when the owner has another one or the number another owner. */
  restoreBackend(backend: L4Address, id: number): boolean
  restoreFrontend(frontend: L4Address, index: number): boolean
}

/** Connections remember both numbers, so a released one is not used again before all others were. */
export function createLbAllocator({
  backendIds = maxBackendId,
  revNatIndexes = maxRevNatIndex,
}: {
  backendIds?: number
  revNatIndexes?: number
} = {}): LbAllocator {
  const backends = new Numbers('backend id', backendIds)
  const frontends = new Numbers('reverse NAT index', revNatIndexes)
  return {
    backendId: (backend) => backends.of(backend),
    knownBackendId: (backend) => backends.known(backend),
    revNatIndex: (frontend) => frontends.of(frontend),
    knownRevNatIndex: (frontend) => frontends.known(frontend),
    releaseBackend: (backend, id) => backends.release(backend, id),
    releaseFrontend: (frontend, index) => frontends.release(frontend, index),
    restoreBackend: (backend, id) => backends.restore(backend, id),
    restoreFrontend: (frontend, index) => frontends.restore(frontend, index),
  }
}

/** The numbers 1 to `max`. */
class Numbers {
  readonly #what: string
  readonly #max: number
  readonly #byOwner = new L4Map()
  readonly #used = new NumberSet()
  #next = 1

  constructor(what: string, max: number) {
    this.#what = what
    this.#max = max
  }

  of(owner: L4Address): number {
    const known = this.#byOwner.get(owner)
    if (known !== undefined) return known
    if (this.#used.size >= this.#max) {
      throw new LbNumbersExhaustedError({ what: this.#what, owner: frontendKey(owner), max: this.#max })
    }
    while (this.#used.has(this.#next)) this.#next = (this.#next % this.#max) + 1
    const number = this.#next
    this.#next = (number % this.#max) + 1
    this.#take(owner, number)
    return number
  }

  known(owner: L4Address): number | undefined {
    return this.#byOwner.get(owner)
  }

  release(owner: L4Address, number: number): void {
    if (this.#byOwner.get(owner) !== number) return
    this.#byOwner.delete(owner)
    this.#used.delete(number)
  }

  restore(owner: L4Address, number: number): boolean {
    const known = this.#byOwner.get(owner)
    if (known !== undefined) return known === number
    if (this.#used.has(number) || !Number.isInteger(number) || number < 1 || number > this.#max) return false
    this.#take(owner, number)
    // New numbers continue behind the restored ones.
    if (number >= this.#next) this.#next = (number % this.#max) + 1
    return true
  }

  #take(owner: L4Address, number: number): void {
    this.#byOwner.set(owner, number)
    this.#used.add(number)
  }
}
