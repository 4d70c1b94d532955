import { l4ProtocolNumber, parseIp } from '@axoneme/net-types'
import { frontendKey, type L4Address } from './keys.ts'
import { WordMap } from './word-map.ts'

/** Numbers from 1 to 2^32 - 1 by address, port and protocol. Those of IPv4, of which there are many, take three words each. */
export class L4Map {
  readonly #ipv4 = new WordMap()
  readonly #others = new Map<string, number>()

  get(owner: L4Address): number | undefined {
    const ipv4 = ipv4Words(owner)
    if (ipv4 === undefined) return this.#others.get(frontendKey(owner))
    const number = this.#ipv4.get(...ipv4)
    return number === 0 ? undefined : number
  }

  set(owner: L4Address, number: number): void {
    const ipv4 = ipv4Words(owner)
    if (ipv4 === undefined) this.#others.set(frontendKey(owner), number)
    else this.#ipv4.set(...ipv4, number)
  }

  delete(owner: L4Address): void {
    const ipv4 = ipv4Words(owner)
    if (ipv4 === undefined) this.#others.delete(frontendKey(owner))
    else this.#ipv4.set(...ipv4, 0)
  }
}

/** Two words that no other address, port and protocol have; undefined for what is no IPv4 address. */
function ipv4Words({ address, port, protocol }: L4Address): [number, number] | undefined {
  const bytes = parseIp(address)
  if (bytes?.length !== 4) return undefined
  const [a = 0, b = 0, c = 0, d = 0] = bytes
  return [((a << 24) | (b << 16) | (c << 8) | d) >>> 0, (port << 8) | l4ProtocolNumber(protocol)]
}
