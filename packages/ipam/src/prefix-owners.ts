import type { Cidr } from '@axoneme/net-types'
import { numberOf } from './address-range.ts'

/**
 * Prefixes that share no address, with their owners. Takes time by how many different prefix lengths there are,
 * usually one, and not by how many prefixes.
 */
export class PrefixOwners {
  /** `family/length/leading bits` of each prefix, also cut to every shorter length that is in use. */
  readonly #owned = new Map<string, string>()
  readonly #holds = new Map<string, string>()
  readonly #lengths: readonly number[]

  /** `lengths`: every prefix length that will be added. */
  constructor(lengths: Iterable<number>) {
    this.#lengths = [...new Set(lengths)]
  }

  /** Takes the prefix for `owner`, or takes nothing and says who has a part of it. */
  add(cidr: Cidr, owner: string): string | undefined {
    const own = keyOf(cidr, cidr.prefixLength)
    const cuts = this.#lengths
      .filter((length) => length <= cidr.prefixLength)
      .map((length) => keyOf(cidr, length))
    const around = cuts.find((key) => this.#owned.has(key))
    const holder = around === undefined ? this.#holds.get(own) : this.#owned.get(around)
    if (holder !== undefined) return holder
    this.#owned.set(own, owner)
    for (const key of cuts) this.#holds.set(key, owner)
    return undefined
  }
}

function keyOf({ address }: Cidr, length: number): string {
  return `${address.length}/${length}/${numberOf(address) >> BigInt(address.length * 8 - length)}`
}
