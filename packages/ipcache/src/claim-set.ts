import { canonicalCidr } from '@axoneme/net-types'
import { type Claim, claimRanks } from './claims.ts'
import type { IpcacheRow } from './types.ts'

/** All claims by prefix, and which of them count. */
export class ClaimSet {
  readonly #byPrefix = new Map<string, Map<string, Claim>>()
  readonly #bySource = new Map<string, readonly Claim[]>()
  readonly #policyPrefixes = new Set<string>()

  /**
   * Replaces everything that `source` claims and returns the prefixes whose row may have changed. `source` also
   * breaks ties between claims of one kind: the one that sorts first counts.
   */
  replace(source: string, claims: readonly Claim[]): Set<string> {
    const touched = new Set<string>()
    for (const claim of this.#bySource.get(source) ?? []) {
      const { cidr } = claim.row
      const sources = this.#byPrefix.get(cidr)
      sources?.delete(source)
      if (sources?.size === 0) this.#byPrefix.delete(cidr)
      if (claim.kind === 'prefix') this.#policyPrefixes.delete(cidr)
      this.#touch(claim, touched)
    }
    if (claims.length === 0) this.#bySource.delete(source)
    else this.#bySource.set(source, claims)
    for (const claim of claims) {
      const { cidr } = claim.row
      const sources = this.#byPrefix.get(cidr) ?? new Map<string, Claim>()
      const known = sources.get(source)
      // One source may name a prefix twice, as a node whose two addresses are the same.
      if (known === undefined || isStronger(claim, known)) sources.set(source, claim)
      this.#byPrefix.set(cidr, sources)
      if (claim.kind === 'prefix') this.#policyPrefixes.add(cidr)
      this.#touch(claim, touched)
    }
    return touched
  }

  /** The row that counts, or undefined when nobody claims the prefix. */
  rowOf(prefix: string): IpcacheRow | undefined {
    const claim = this.#strongest(prefix)
    return claim?.kind === 'prefix' ? this.#throughTunnel(claim.row) : claim?.row
  }

  /**
   * A policy may name a prefix inside the pod CIDR of another node. It is then the longest match for pods that are
   * not known yet, which still have to be reached through their node.
   */
  #throughTunnel(row: IpcacheRow): IpcacheRow {
    const [address, ownLength] = row.cidr.split('/')
    for (let length = Number(ownLength); length > 0; length--) {
      const around = this.#byPrefix.get(canonicalCidr(`${address}/${length}`) ?? '')
      const podCidr = around === undefined ? undefined : strongestOf(around, 'pod-cidr')
      if (podCidr === undefined) continue
      const { tunnelEndpoint, encryptKey } = podCidr.row
      return { ...row, tunnelEndpoint, encryptKey }
    }
    return row
  }

  #strongest(prefix: string): Claim | undefined {
    const claims = this.#byPrefix.get(prefix)
    return claims === undefined ? undefined : strongestOf(claims)
  }

  #touch({ kind, row }: Claim, touched: Set<string>): void {
    touched.add(row.cidr)
    // They may lie inside, see #throughTunnel.
    if (kind === 'pod-cidr') for (const prefix of this.#policyPrefixes) touched.add(prefix)
  }
}

function isStronger(a: Claim, b: Claim): boolean {
  return claimRanks.indexOf(a.kind) < claimRanks.indexOf(b.kind)
}

function strongestOf(claims: ReadonlyMap<string, Claim>, kind?: Claim['kind']): Claim | undefined {
  let best: { source: string; claim: Claim } | undefined
  for (const [source, claim] of claims) {
    if (kind !== undefined && claim.kind !== kind) continue
    const isFirst = best !== undefined && claim.kind === best.claim.kind && source < best.source
    if (best === undefined || isFirst || isStronger(claim, best.claim)) best = { source, claim }
  }
  return best?.claim
}
