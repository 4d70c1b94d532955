import { canonicalCidr } from '@axoneme/net-types'
import { MultiMap } from '@axoneme/tables'
import { type Claim, claimRanks } from './claims.ts'
import type { IpcacheRow } from './types.ts'

type SourcedClaim = Readonly<{ source: string; claim: Claim }>

/** All claims by prefix, and which of them count. Pods, of which there are many, are not held here but asked for. */
export class ClaimSet {
  readonly #podClaim: (prefix: string) => Claim | undefined
  readonly #sourcesOf = new MultiMap<string, string>()
  readonly #bySource = new Map<string, readonly Claim[]>()
  readonly #policyPrefixes = new Set<string>()

  /** `podClaim` gives the claim of the pod whose address is the whole prefix. */
  constructor(podClaim: (prefix: string) => Claim | undefined) {
    this.#podClaim = podClaim
  }

  /**
   * Replaces everything that `source` claims and returns the prefixes whose row may have changed. `source` also
   * breaks ties between claims of one kind: the one that sorts first counts.
   */
  replace(source: string, claims: readonly Claim[]): Set<string> {
    const touched = new Set<string>()
    for (const claim of this.#bySource.get(source) ?? []) {
      const { cidr } = claim.row
      this.#sourcesOf.delete(cidr, source)
      if (claim.kind === 'prefix') this.#policyPrefixes.delete(cidr)
      this.#touch(claim, touched)
    }
    if (claims.length === 0) this.#bySource.delete(source)
    else this.#bySource.set(source, claims)
    for (const claim of claims) {
      const { cidr } = claim.row
      this.#sourcesOf.add(cidr, source)
      if (claim.kind === 'prefix') this.#policyPrefixes.add(cidr)
      this.#touch(claim, touched)
    }
    return touched
  }

  /** The row that counts, or undefined when nobody claims the prefix. */
  rowOf(prefix: string): IpcacheRow | undefined {
    const claims = this.#claimsOn(prefix)
    const pod = this.#podClaim(prefix)
    if (pod !== undefined) claims.push({ source: 'pod', claim: pod })
    const claim = strongestOf(claims)
    return claim?.kind === 'prefix' ? this.#throughTunnel(claim.row) : claim?.row
  }

  /**
   * A policy may name a prefix inside the pod CIDR of another node. It is then the longest match for pods that are
   * not known yet, which still have to be reached through their node.
   */
  #throughTunnel(row: IpcacheRow): IpcacheRow {
    const [address, ownLength] = row.cidr.split('/')
    for (let length = Number(ownLength); length > 0; length--) {
      const around = this.#claimsOn(canonicalCidr(`${address}/${length}`) ?? '')
      const podCidr = strongestOf(around.filter(({ claim }) => claim.kind === 'pod-cidr'))
      if (podCidr === undefined) continue
      const { tunnelEndpoint, encryptKey } = podCidr.row
      return { ...row, tunnelEndpoint, encryptKey }
    }
    return row
  }

  /** One source may name a prefix twice, as a node whose two addresses are the same. */
  #claimsOn(prefix: string): SourcedClaim[] {
    return this.#sourcesOf.get(prefix).flatMap((source) => {
      const claims = this.#bySource.get(source) ?? []
      return claims.filter(({ row }) => row.cidr === prefix).map((claim) => ({ source, claim }))
    })
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

function strongestOf(claims: readonly SourcedClaim[]): Claim | undefined {
  let best: SourcedClaim | undefined
  for (const { source, claim } of claims) {
    const isFirst = best !== undefined && claim.kind === best.claim.kind && source < best.source
    if (best === undefined || isFirst || isStronger(claim, best.claim)) best = { source, claim }
  }
  return best?.claim
}
