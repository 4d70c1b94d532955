import {
  type Cidr,
  cidrContains,
  cidrHosts,
  formatIp,
  hostCidr,
  parseCidr,
  parseIp,
} from '@axoneme/net-types'

export type TakeOutcome = 'taken' | 'in-use' | 'outside'

/** The addresses of one service range: the network address, the first one (kept for `kubernetes`) and the last are not given out. */
export class AddressPool {
  readonly family: 'IPv4' | 'IPv6'
  readonly #cidr: Cidr
  readonly #used = new Set<string>()
  readonly #random: () => number

  constructor(cidr: Cidr, random: () => number) {
    this.#cidr = cidr
    this.family = cidr.address.length === 4 ? 'IPv4' : 'IPv6'
    this.#random = random
  }

  /** The first usable address, which is the `kubernetes` service's. */
  get first(): string {
    return this.#address(1)
  }

  contains(address: string): boolean {
    const host = parseCidr(hostCidr(address))
    return host !== undefined && cidrContains(this.#cidr, host)
  }

  take(address: string): TakeOutcome {
    if (!this.contains(address)) return 'outside'
    const canonical = formatIp(parseIp(address) ?? this.#cidr.address)
    if (this.#used.has(canonical)) return 'in-use'
    this.#used.add(canonical)
    return 'taken'
  }

  /** A free address, or undefined when there is none. */
  takeAny(): string | undefined {
    const count = Math.min(cidrHosts(this.#cidr), 2 ** 20) - 3
    const start = Math.floor(this.#random() * Math.max(0, count))
    for (let i = 0; i < count; i++) {
      const address = this.#address(2 + ((start + i) % count))
      if (this.take(address) === 'taken') return address
    }
    return undefined
  }

  release(address: string): void {
    const bytes = parseIp(address)
    if (bytes !== undefined) this.#used.delete(formatIp(bytes))
  }

  #address(offset: number): string {
    const bytes = Uint8Array.from(this.#cidr.address)
    let carry = offset
    for (let i = bytes.length - 1; i >= 0 && carry > 0; i--) {
      const sum = (bytes[i] ?? 0) + carry
      bytes[i] = sum & 0xff
      carry = Math.floor(sum / 256)
    }
    return formatIp(bytes)
  }
}

/** Node ports: each may be used once per protocol, as one port number may serve TCP and UDP. */
export class NodePortPool {
  readonly #used = new Set<number>()
  readonly #range: Readonly<{ first: number; last: number }>
  readonly #random: () => number

  constructor(range: Readonly<{ first: number; last: number }>, random: () => number) {
    this.#range = range
    this.#random = random
  }

  take(port: number): TakeOutcome {
    if (port < this.#range.first || port > this.#range.last) return 'outside'
    if (this.#used.has(port)) return 'in-use'
    this.#used.add(port)
    return 'taken'
  }

  takeAny(): number | undefined {
    const { first, last } = this.#range
    const count = last - first + 1
    const start = Math.floor(this.#random() * count)
    for (let i = 0; i < count; i++) {
      const port = first + ((start + i) % count)
      if (this.take(port) === 'taken') return port
    }
    return undefined
  }

  release(port: number): void {
    this.#used.delete(port)
  }
}
