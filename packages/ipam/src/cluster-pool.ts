import { type Cidr, cidrContains, formatCidr, parseCidr } from '@axoneme/net-types'
import { numberOf, subnetAt } from './address-range.ts'
import { PoolConfigError } from './errors.ts'
import { PrefixOwners } from './prefix-owners.ts'

export type PodCidrConflict = Readonly<{
  node: string
  cidr: string
  /** `node <name>` that keeps the prefix, or what else is wrong with it. */
  reason: string
}>

export type PodCidrPlan = Readonly<{
  /** Pod CIDR of each node that has or gets one. */
  assigned: ReadonlyMap<string, string>
  /** The part of `assigned` that is new. */
  added: ReadonlyMap<string, string>
  /** Nodes whose recorded prefix cannot be kept. They get none: their pods may be using it, a person must decide. */
  conflicts: readonly PodCidrConflict[]
  /** Nodes for which the pools have nothing left, sorted. */
  unassigned: readonly string[]
  /** How many further prefixes the pools hold. */
  freeCount: number
}>

/**
 * Which node has which pod CIDR. A recorded prefix that overlaps no other is always kept, also one outside the pools
 * (they may have been changed); of two that overlap the node that sorts first keeps its own. New ones are the lowest
 * that are free, given in order of node names. Same input, same result.
 * @throws PoolConfigError
 */
export function allocatePodCidrs({
  pools,
  maskSize,
  existing,
  nodes,
}: {
  pools: readonly string[]
  maskSize: number
  /** Recorded prefix by node; those of nodes that are not in `nodes` are free again. */
  existing: ReadonlyMap<string, string>
  nodes: Iterable<string>
}): PodCidrPlan {
  const parsedPools = pools.map((pool) => parsePool(pool, maskSize))
  const names = [...new Set(nodes)].sort()
  const recorded = names.flatMap((node) => {
    const text = existing.get(node)
    return text === undefined ? [] : [{ node, text, cidr: parseCidr(text) }]
  })
  const owners = new PrefixOwners(
    recorded.flatMap(({ cidr }) => (cidr === undefined ? [] : [cidr.prefixLength])),
  )
  const assigned = new Map<string, string>()
  const conflicts: PodCidrConflict[] = []
  for (const { node, text, cidr } of recorded) {
    const owner = cidr === undefined ? undefined : owners.add(cidr, node)
    if (cidr === undefined) conflicts.push({ node, cidr: text, reason: 'is no prefix' })
    else if (owner !== undefined)
      conflicts.push({ node, cidr: text, reason: `overlaps that of node ${owner}` })
    else assigned.set(node, formatCidr(cidr))
  }

  // A prefix in conflict is in use by somebody too: nobody new gets a part of it.
  const used = recorded.flatMap(({ cidr }) => (cidr === undefined ? [] : [cidr]))
  const free = freeSubnets(parsedPools, { maskSize, used })
  const added = new Map<string, string>()
  const unassigned: string[] = []
  const inConflict = new Set(conflicts.map(({ node }) => node))
  for (const node of names) {
    if (assigned.has(node) || inConflict.has(node)) continue
    const next = free.next()
    if (next.done === true) unassigned.push(node)
    else added.set(node, next.value)
  }
  for (const [node, cidr] of added) assigned.set(node, cidr)
  return { assigned, added, conflicts, unassigned, freeCount: Array.from(free).length }
}

function parsePool(pool: string, maskSize: number): Cidr {
  const cidr = parseCidr(pool)
  if (cidr === undefined) throw new PoolConfigError(`cluster pool ${JSON.stringify(pool)}`, 'is no prefix')
  const bits = cidr.address.length * 8
  if (!Number.isInteger(maskSize) || maskSize < cidr.prefixLength || maskSize > bits) {
    throw new PoolConfigError(`mask size ${maskSize}`, `must be ${cidr.prefixLength} to ${bits} in ${pool}`)
  }
  if (maskSize - cidr.prefixLength > 16) {
    throw new PoolConfigError(`mask size ${maskSize}`, `cuts ${pool} into more than 65536 parts`)
  }
  return cidr
}

/** The parts of the pools that share no address with `used`, lowest first within each pool. */
function* freeSubnets(
  pools: readonly Cidr[],
  { maskSize, used }: { maskSize: number; used: readonly Cidr[] },
): Generator<string, undefined> {
  for (const [i, pool] of pools.entries()) {
    // Pools may overlap: what an earlier one holds is not offered twice.
    const taken = new Set(
      [...used, ...pools.slice(0, i)].flatMap((cidr) => indexesOf(cidr, { pool, maskSize })),
    )
    for (let index = 0; index < 2 ** (maskSize - pool.prefixLength); index++) {
      if (!taken.has(index)) yield subnetAt(pool, maskSize, index)
    }
  }
  return undefined
}

/** Which parts of the pool share an address with `cidr`. */
function indexesOf(cidr: Cidr, { pool, maskSize }: { pool: Cidr; maskSize: number }): number[] {
  if (cidrContains(cidr, pool))
    return Array.from({ length: 2 ** (maskSize - pool.prefixLength) }, (_, i) => i)
  if (!cidrContains(pool, cidr)) return []
  const hostBits = BigInt(pool.address.length * 8 - maskSize)
  const first = Number((numberOf(cidr.address) - numberOf(pool.address)) >> hostBits)
  return Array.from({ length: 2 ** Math.max(0, maskSize - cidr.prefixLength) }, (_, i) => first + i)
}
