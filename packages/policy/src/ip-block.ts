import { type IdentityId, reservedIdentity } from '@axoneme/identity'
import { type Cidr, cidrContains, formatCidr, parseCidr } from '@axoneme/net-types'

/** Every IPv4 address outside the cluster that no prefix with an identity holds has the identity `world`. */
const ipv4World = '0.0.0.0/0'
/** Named together with `0.0.0.0/0`, so that IPv6 addresses have an identity of their own and `world` means IPv4. */
const ipv6World = '::/0'

/** An ipBlock peer: the addresses outside the cluster that are in `cidr` and in none of `excepts`. */
export type IpBlock = Readonly<{
  key: string
  cidr: Cidr
  excepts: readonly Cidr[]
  /** The prefixes that need an identity before the block can be told from its surroundings. Canonical. */
  prefixes: readonly string[]
}>

/** Undefined with the name of the part that is no prefix. */
export function compileIpBlock(block: {
  cidr: string
  except: readonly string[]
}): IpBlock | { field: string; message: string } {
  const cidr = parseCidr(block.cidr)
  if (cidr === undefined) return { field: 'cidr', message: `${JSON.stringify(block.cidr)} is no prefix` }
  const excepts: Cidr[] = []
  for (const [i, text] of block.except.entries()) {
    const except = parseCidr(text)
    if (except === undefined)
      return { field: `except[${i}]`, message: `${JSON.stringify(text)} is no prefix` }
    // One that shares no address with the block takes nothing away.
    if (cidrContains(cidr, except) || cidrContains(except, cidr)) excepts.push(except)
  }
  const own = formatCidr(cidr)
  const prefixes = [...new Set([own === ipv4World ? ipv6World : own, ...excepts.map(formatCidr)])].sort()
  return { key: JSON.stringify([own, excepts.map(formatCidr).sort()]), cidr, excepts, prefixes }
}

/**
 * Whether the block holds the addresses of the prefix identity of `prefix`.
 *
 * Exact although it looks at whole prefixes: every cidr and except of every policy has an identity, and an address
 * gets that of the longest prefix P that holds it. If the address is in a cidr (or except) C, then P is at least as
 * long as C and so inside C; if P is inside C, the address is in C. So "address in C" and "P inside C" are the same
 * question for every C that a policy names.
 */
function blockHolds(block: IpBlock, prefix: Cidr): boolean {
  return cidrContains(block.cidr, prefix) && !block.excepts.some((except) => cidrContains(except, prefix))
}

/**
 * The identities that a block selects. None until every prefix that the block names has one: before that, addresses
 * of an except would still carry the identity of what surrounds it.
 */
export function identitiesOfBlock(
  block: IpBlock,
  prefixes: ReadonlyMap<string, Readonly<{ cidr: Cidr; identity: IdentityId }>>,
): Set<IdentityId> {
  const selected = new Set<IdentityId>()
  if (!block.prefixes.every((prefix) => prefixes.has(prefix))) return selected
  for (const { cidr, identity } of prefixes.values()) if (blockHolds(block, cidr)) selected.add(identity)
  // What 0.0.0.0/0 holds beyond all prefixes. An except of 0.0.0.0/0 itself leaves nothing.
  if (block.cidr.address.length === 4 && block.cidr.prefixLength === 0) {
    if (!block.excepts.some((except) => except.prefixLength === 0)) selected.add(reservedIdentity.world)
  }
  return selected
}
