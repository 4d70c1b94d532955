import type { EndpointId } from '@axoneme/endpoint'
import type { IdentityId } from '@axoneme/identity'
import type { Labels } from '@axoneme/slim-types'
import type { ActivePolicy, Allow, PolicySubject } from './active-policy.ts'
import { implicitEntries, type ResolvedPolicy } from './resolve.ts'
import { SortedEntries } from './sorted-entries.ts'
import { type PolicyDirection, type PolicyEntry, policyEntryKey } from './types.ts'

/** An identity that endpoints of this node have, with what the policies that select it allow. */
export class Subject implements PolicySubject {
  readonly identity: IdentityId
  readonly endpoints = new Set<EndpointId>()
  readonly policies = new Set<ActivePolicy>()
  /** Undefined until the identity is known. Kept when the identity goes while endpoints have it. */
  labels: Labels | undefined
  readonly #allows = new Map<string, { allow: Allow; rules: Set<string> }>()
  readonly #changed = new Set<string>()
  readonly #sorted = new SortedEntries()
  #policy: ResolvedPolicy | undefined
  #isStale = true

  constructor(identity: IdentityId) {
    this.identity = identity
  }

  /** Whether something changed since the last `resolve`. */
  get isStale(): boolean {
    return this.#isStale
  }

  attach(policy: ActivePolicy): void {
    this.#isStale = true
    this.policies.add(policy)
    policy.attach(this)
  }

  detach(policy: ActivePolicy): void {
    this.#isStale = true
    this.policies.delete(policy)
    policy.detach(this)
  }

  allowed(key: string, allow: Allow, policy: string): void {
    const known = this.#allows.get(key)
    if (known === undefined) this.#allows.set(key, { allow, rules: new Set([policy]) })
    else known.rules.add(policy)
    this.#changed.add(key)
    this.#isStale = true
  }

  disallowed(key: string, policy: string): void {
    const known = this.#allows.get(key)
    known?.rules.delete(policy)
    if (known?.rules.size === 0) this.#allows.delete(key)
    this.#changed.add(key)
    this.#isStale = true
  }

  /** The policy as of now: the same object as before when nothing changed. */
  resolve(): ResolvedPolicy {
    const enforceIngress = this.#isEnforced('ingress')
    const enforceEgress = this.#isEnforced('egress')
    const changes = new Map<string, PolicyEntry | undefined>()
    const before = this.#policy === undefined ? [] : implicitEntries(this.#policy)
    for (const entry of before) changes.set(policyEntryKey(entry), undefined)
    for (const key of this.#changed) {
      const known = this.#allows.get(key)
      changes.set(key, known === undefined ? undefined : { ...known.allow, rules: [...known.rules].sort() })
    }
    for (const entry of implicitEntries({ enforceIngress, enforceEgress })) {
      changes.set(policyEntryKey(entry), entry)
    }
    this.#changed.clear()
    this.#isStale = false
    const isDifferent = this.#sorted.apply(changes)
    const known = this.#policy
    if (known?.enforceIngress !== enforceIngress || known.enforceEgress !== enforceEgress || isDifferent) {
      this.#policy = { enforceIngress, enforceEgress, entries: this.#sorted.entries }
    }
    return this.#policy as ResolvedPolicy
  }

  #isEnforced(direction: PolicyDirection): boolean {
    return [...this.policies].some(({ compiled }) => compiled.enforces[direction])
  }
}
