import type { IdentityId } from '@axoneme/identity'
import type { CompiledPolicy, PeerSelector } from './compile.ts'
import type { PortMatch } from './ports.ts'
import type { SelectorCache, SelectorUser } from './selector-cache.ts'
import { type PolicyDirection, type PolicyEntry, policyEntryKey } from './types.ts'

/** What a policy allows, without saying who else allows it. */
export type Allow = Omit<PolicyEntry, 'rules'>

/** Is told what a policy that selects it comes to allow and no longer allows. */
export type PolicySubject = {
  allowed(key: string, allow: Allow, policy: string): void
  disallowed(key: string, policy: string): void
}

type Use = {
  selector: PeerSelector
  directions: { direction: PolicyDirection; ports: readonly PortMatch[] }[]
}

/**
 * A policy that selects an identity of this node, expanded once for all of them. Several rules may give one allow: it
 * is counted, and goes with the last of them.
 */
export class ActivePolicy implements SelectorUser, Disposable {
  readonly compiled: CompiledPolicy
  readonly #selectors: SelectorCache
  readonly #uses = new Map<string, Use>()
  readonly #allows = new Map<string, { allow: Allow; count: number }>()
  readonly #subjects = new Set<PolicySubject>()

  constructor(compiled: CompiledPolicy, selectors: SelectorCache) {
    this.compiled = compiled
    this.#selectors = selectors
    for (const { direction, peers, ports } of compiled.rules) {
      for (const selector of peers) {
        const use = this.#uses.get(selector.key) ?? { selector, directions: [] }
        use.directions.push({ direction, ports })
        this.#uses.set(selector.key, use)
      }
    }
    for (const { selector } of this.#uses.values()) {
      for (const identity of selectors.use(selector, this)) this.selected(selector.key, identity)
    }
  }

  get subjectCount(): number {
    return this.#subjects.size
  }

  attach(subject: PolicySubject): void {
    this.#subjects.add(subject)
    for (const [key, { allow }] of this.#allows) subject.allowed(key, allow, this.compiled.key)
  }

  detach(subject: PolicySubject): void {
    this.#subjects.delete(subject)
    for (const key of this.#allows.keys()) subject.disallowed(key, this.compiled.key)
  }

  [Symbol.dispose](): void {
    for (const { selector } of this.#uses.values()) this.#selectors.release(selector, this)
  }

  selected(selectorKey: string, identity: IdentityId): void {
    for (const [key, allow] of this.#allowsOf(selectorKey, identity)) {
      const known = this.#allows.get(key)
      if (known !== undefined) {
        known.count++
        continue
      }
      this.#allows.set(key, { allow, count: 1 })
      for (const subject of this.#subjects) subject.allowed(key, allow, this.compiled.key)
    }
  }

  unselected(selectorKey: string, identity: IdentityId): void {
    for (const [key] of this.#allowsOf(selectorKey, identity)) {
      const known = this.#allows.get(key)
      if (known === undefined) continue
      known.count--
      if (known.count > 0) continue
      this.#allows.delete(key)
      for (const subject of this.#subjects) subject.disallowed(key, this.compiled.key)
    }
  }

  *#allowsOf(selectorKey: string, identity: IdentityId): Generator<[string, Allow]> {
    for (const { direction, ports } of this.#uses.get(selectorKey)?.directions ?? []) {
      for (const port of ports) {
        const allow = { direction, identity, ...port }
        yield [policyEntryKey(allow), allow]
      }
    }
  }
}
