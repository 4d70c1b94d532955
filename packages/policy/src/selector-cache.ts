import { type IdentityId, reservedIdentity } from '@axoneme/identity'
import { type Cidr, formatCidr, parseCidr } from '@axoneme/net-types'
import type { Labels } from '@axoneme/slim-types'
import type { PeerSelector } from './compile.ts'
import { identitiesOfBlock } from './ip-block.ts'
import { LabelIndex, SelectorIndex } from './label-index.ts'

/** Is told which identities come to and go from a selector that it uses. */
export type SelectorUser = {
  selected(selectorKey: string, identity: IdentityId): void
  unselected(selectorKey: string, identity: IdentityId): void
}

type Cached = { selector: PeerSelector; identities: Set<IdentityId>; users: Set<SelectorUser> }
type CachedLabels = Cached & { selector: Extract<PeerSelector, { kind: 'labels' }> }
type CachedBlock = Cached & { selector: Extract<PeerSelector, { kind: 'block' }> }

/**
 * The identities that each peer selector in use selects. Equal selectors of different policies are one. An identity
 * that comes or goes costs the selectors that name one of its labels, a prefix those whose cidr holds it.
 */
export class SelectorCache {
  readonly #cached = new Map<string, Cached>()
  readonly #identities = new LabelIndex<IdentityId>()
  readonly #labelSelectors = new SelectorIndex<CachedLabels>()
  readonly #prefixes = new Map<string, { cidr: Cidr; identity: IdentityId }>()
  readonly #blocksByCidr = new Map<string, Set<CachedBlock>>()
  readonly #staleBlocks = new Set<CachedBlock>()

  /** Starts telling `user`, and gives what the selector selects now. */
  use(selector: PeerSelector, user: SelectorUser): ReadonlySet<IdentityId> {
    let cached = this.#cached.get(selector.key)
    if (cached === undefined) {
      cached = this.#create(selector)
      this.#cached.set(selector.key, cached)
    }
    cached.users.add(user)
    return cached.identities
  }

  /** Stops telling `user`. A selector without users is forgotten. */
  release(selector: PeerSelector, user: SelectorUser): void {
    const cached = this.#cached.get(selector.key)
    cached?.users.delete(user)
    if (cached === undefined || cached.users.size > 0) return
    this.#cached.delete(selector.key)
    if (isLabels(cached)) this.#labelSelectors.delete(cached)
    if (isBlock(cached)) {
      const cidr = formatCidr(cached.selector.cidr)
      const blocks = this.#blocksByCidr.get(cidr)
      blocks?.delete(cached)
      if (blocks?.size === 0) this.#blocksByCidr.delete(cidr)
      this.#staleBlocks.delete(cached)
    }
  }

  get size(): number {
    return this.#cached.size
  }

  /** `labels` undefined: the identity is gone. */
  setIdentity(identity: IdentityId, labels: Labels | undefined): void {
    const known = this.#identities.get(identity)
    const before = new Set(known === undefined ? [] : this.#labelSelectors.matching(known))
    const after = new Set(labels === undefined ? [] : this.#labelSelectors.matching(labels))
    if (labels === undefined) this.#identities.delete(identity)
    else this.#identities.set(identity, labels)
    for (const cached of before.difference(after)) remove(cached, identity)
    for (const cached of after.difference(before)) add(cached, identity)
  }

  /** `identity` undefined: the prefix is gone. Takes effect with `settle`. */
  setPrefix(prefix: string, identity: IdentityId | undefined): void {
    const cidr = parseCidr(prefix)
    if (cidr === undefined) return
    if (identity === undefined) this.#prefixes.delete(prefix)
    else this.#prefixes.set(prefix, { cidr, identity })
    for (const block of this.#blocksAround(cidr)) this.#staleBlocks.add(block)
  }

  /** Brings ipBlocks up to date: prefixes come in bursts, and each block is looked at once. */
  settle(): void {
    for (const cached of this.#staleBlocks) {
      const now = identitiesOfBlock(cached.selector, this.#prefixes)
      for (const identity of cached.identities.difference(now)) remove(cached, identity)
      for (const identity of now.difference(cached.identities)) add(cached, identity)
    }
    this.#staleBlocks.clear()
  }

  #create(selector: PeerSelector): Cached {
    const users = new Set<SelectorUser>()
    switch (selector.kind) {
      case 'any':
        return { selector, users, identities: new Set([reservedIdentity.unknown]) }
      case 'labels': {
        const cached = { selector, users, identities: new Set(this.#identities.find(selector)) }
        this.#labelSelectors.add(cached)
        return cached
      }
      case 'block': {
        const cached = { selector, users, identities: identitiesOfBlock(selector, this.#prefixes) }
        const cidr = formatCidr(selector.cidr)
        const blocks = this.#blocksByCidr.get(cidr) ?? new Set<CachedBlock>()
        blocks.add(cached)
        this.#blocksByCidr.set(cidr, blocks)
        return cached
      }
    }
  }

  /**
   * The blocks that a prefix can matter to: those whose cidr holds it, and for `::/0`, which `0.0.0.0/0` needs though
   * it does not hold it, those as well.
   */
  *#blocksAround(prefix: Cidr): Generator<CachedBlock> {
    const address = formatCidr(prefix).split('/')[0]
    for (let length = prefix.prefixLength; length >= 0; length--) {
      const around = parseCidr(`${address}/${length}`)
      if (around !== undefined) yield* this.#blocksByCidr.get(formatCidr(around)) ?? []
    }
    if (prefix.prefixLength === 0) {
      for (const blocks of this.#blocksByCidr.values()) for (const block of blocks) yield block
    }
  }
}

function add({ selector, identities, users }: Cached, identity: IdentityId): void {
  identities.add(identity)
  for (const user of users) user.selected(selector.key, identity)
}

function remove({ selector, identities, users }: Cached, identity: IdentityId): void {
  identities.delete(identity)
  for (const user of users) user.unselected(selector.key, identity)
}

function isLabels(cached: Cached): cached is CachedLabels {
  return cached.selector.kind === 'labels'
}

function isBlock(cached: Cached): cached is CachedBlock {
  return cached.selector.kind === 'block'
}
