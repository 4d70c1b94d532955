import { type Cidr, cidrHosts, formatCidr, parseCidr } from '@axoneme/net-types'
import { addressAt, offsetOf } from './address-range.ts'
import { AddressTakenError, AddressUnavailableError, PoolConfigError, PoolExhaustedError } from './errors.ts'

export type Lease = Readonly<{ address: string; owner: string }>

/** An address that was given away or came back, for metrics. */
export type PoolEvent = Readonly<{
  action: 'allocate' | 'release'
  family: 'ipv4' | 'ipv6'
  /** Addresses that are given away now, of `capacity`. */
  used: number
  capacity: number
}>

/** The addresses of one pod CIDR. Owners are names for people and for telling a repetition from a conflict. */
export type AddressPool = {
  readonly cidr: string
  /** The node's own address in the prefix: the pods' gateway. Never given away. */
  readonly routerIp: string
  /** How many addresses can be given away in all. */
  readonly capacity: number
  readonly freeCount: number
  /** @throws PoolExhaustedError */
  allocate(owner: string): string
  /**
   * Takes one address: what a restart does with the addresses of the pods that it found. Taking an address again for
   * the same owner changes nothing.
   * @throws AddressTakenError, AddressUnavailableError
   */
  allocateSpecific(address: string, owner: string): void
  /** False when nobody held the address. */
  release(address: string): boolean
  ownerOf(address: string): string | undefined
  leases(): Lease[]
}

/** An IPv6 prefix has more addresses than a node ever uses: the pool gives away the first this many. */
const maxPoolSize = 2 ** 20

/**
 * A pool over `cidr`. Of prefixes with at least four addresses the first (network), the last (broadcast, IPv4 only)
 * and the router's are reserved; `routerIp` is the second address unless given. Smaller prefixes reserve nothing but
 * what is asked for (RFC 3021). Addresses are given in ascending order and around, so that a freed one rests for as
 * long as possible before it is somebody else's.
 * @throws PoolConfigError
 */
export function createAddressPool({
  cidr,
  routerIp,
  reserved = [],
  observe,
}: {
  cidr: string
  routerIp?: string
  /** More addresses that are never given away; those outside the prefix do not matter. */
  reserved?: readonly string[]
  observe?: (event: PoolEvent) => void
}): AddressPool {
  const parsed = parseCidr(cidr)
  if (parsed === undefined) throw new PoolConfigError(`pod CIDR ${JSON.stringify(cidr)}`, 'is no prefix')
  return new CursorPool(parsed, { routerIp, reserved, observe })
}

class CursorPool implements AddressPool {
  readonly cidr: string
  readonly routerIp: string
  readonly capacity: number
  readonly #cidr: Cidr
  readonly #size: number
  readonly #reserved: ReadonlySet<number>
  readonly #owners = new Map<number, string>()
  readonly #observe: ((event: PoolEvent) => void) | undefined
  /** Where the search for the next address begins. */
  #cursor = 0

  constructor(
    cidr: Cidr,
    {
      routerIp,
      reserved,
      observe,
    }: {
      routerIp: string | undefined
      reserved: readonly string[]
      observe: ((event: PoolEvent) => void) | undefined
    },
  ) {
    this.#cidr = cidr
    this.#observe = observe
    this.cidr = formatCidr(cidr)
    const hosts = cidrHosts(cidr)
    this.#size = Math.min(hosts, maxPoolSize)
    this.routerIp = routerIp ?? (hosts < 4 ? '' : addressAt(cidr, 1))
    const offsets = new Set<number>()
    if (hosts >= 4) {
      offsets.add(0)
      if (cidr.address.length === 4) offsets.add(hosts - 1)
    }
    if (this.routerIp !== '' && offsetOf(cidr, this.routerIp) === undefined) {
      throw new PoolConfigError(`router address ${this.routerIp}`, `is not in the pod CIDR ${this.cidr}`)
    }
    for (const address of [this.routerIp, ...reserved]) {
      const offset = offsetOf(cidr, address)
      if (offset !== undefined) offsets.add(offset)
    }
    this.#reserved = offsets
    this.capacity = this.#size - [...offsets].filter((offset) => offset < this.#size).length
  }

  get freeCount(): number {
    return this.capacity - this.#owners.size
  }

  allocate(owner: string): string {
    if (this.freeCount > 0) {
      for (let step = 0; step < this.#size; step++) {
        const offset = (this.#cursor + step) % this.#size
        if (this.#reserved.has(offset) || this.#owners.has(offset)) continue
        this.#cursor = (offset + 1) % this.#size
        this.#owners.set(offset, owner)
        this.#report('allocate')
        return addressAt(this.#cidr, offset)
      }
    }
    throw new PoolExhaustedError({ cidr: this.cidr, owner, capacity: this.capacity })
  }

  allocateSpecific(address: string, owner: string): void {
    const offset = offsetOf(this.#cidr, address)
    if (offset === undefined || offset >= this.#size) {
      throw new AddressUnavailableError({ address, owner, reason: `it is not in ${this.cidr}` })
    }
    if (this.#reserved.has(offset))
      throw new AddressUnavailableError({ address, owner, reason: 'it is reserved' })
    const holder = this.#owners.get(offset)
    if (holder !== undefined && holder !== owner) throw new AddressTakenError({ address, owner, holder })
    this.#owners.set(offset, owner)
    if (holder === undefined) this.#report('allocate')
    // After a restart new pods go behind the ones that were found.
    this.#cursor = Math.max(this.#cursor, offset + 1) % this.#size
  }

  release(address: string): boolean {
    const offset = offsetOf(this.#cidr, address)
    if (offset === undefined || !this.#owners.delete(offset)) return false
    this.#report('release')
    return true
  }

  ownerOf(address: string): string | undefined {
    const offset = offsetOf(this.#cidr, address)
    return offset === undefined ? undefined : this.#owners.get(offset)
  }

  leases(): Lease[] {
    return [...this.#owners]
      .sort(([a], [b]) => a - b)
      .map(([offset, owner]) => ({ address: addressAt(this.#cidr, offset), owner }))
  }

  #report(action: PoolEvent['action']): void {
    const family = this.#cidr.address.length === 4 ? 'ipv4' : 'ipv6'
    this.#observe?.({ action, family, used: this.#owners.size, capacity: this.capacity })
  }
}
