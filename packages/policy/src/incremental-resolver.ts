import type { EndpointId } from '@axoneme/endpoint'
import {
  type IdentityId,
  isIdentityLabel as isDefaultIdentityLabel,
  type LabelFilter,
  reservedIdentity,
} from '@axoneme/identity'
import type { Labels, SlimNetworkPolicy } from '@axoneme/slim-types'
import { ActivePolicy } from './active-policy.ts'
import { compilePolicy } from './compile.ts'
import type { IdentitySelector } from './identity-selector.ts'
import { LabelIndex, SelectorIndex } from './label-index.ts'
import { SelectorCache } from './selector-cache.ts'
import { Subject } from './subject.ts'
import type { EndpointPolicyRow, PolicyErrorRow } from './types.ts'

/** A policy of the cluster. `active` exists while it selects an identity of this node. */
type KnownPolicy = { policy: SlimNetworkPolicy; selector: IdentitySelector; active?: ActivePolicy }

/**
 * What `resolvePolicy` computes, kept up to date: for each identity that endpoints of this node have. A policy that
 * selects none of them costs its place in an index. Changes take effect with `flush`.
 *
 * Two things outlive what they were made from, so that a gap in the inputs never loosens or drops a policy: an
 * endpoint whose identity is not known yet gets no new row, and an identity that goes while endpoints have it keeps
 * its labels for them.
 */
export class IncrementalResolver {
  readonly #isIdentityLabel: LabelFilter
  readonly #selectors = new SelectorCache()
  readonly #policies = new Map<string, KnownPolicy>()
  readonly #policyIndex = new SelectorIndex<KnownPolicy>()
  readonly #labelsOf = new Map<IdentityId, Labels>()
  readonly #subjects = new Map<IdentityId, Subject>()
  /** Subjects with known labels. */
  readonly #subjectIndex = new LabelIndex<IdentityId>()
  readonly #identityOf = new Map<EndpointId, IdentityId>()
  readonly #rows = new Map<EndpointId, EndpointPolicyRow>()
  readonly #touchedSubjects = new Set<Subject>()

  /** `isIdentityLabel` is the filter that identities are made by. */
  constructor(isIdentityLabel: LabelFilter = isDefaultIdentityLabel) {
    this.#isIdentityLabel = isIdentityLabel
  }

  /** How many distinct peer selectors are kept up to date. */
  get selectorCount(): number {
    return this.#selectors.size
  }

  /** Returns what of the policy is not applied. */
  setPolicy(policy: SlimNetworkPolicy): readonly PolicyErrorRow[] {
    const compiled = compilePolicy(policy, this.#isIdentityLabel)
    const before = this.#policies.get(compiled.key)
    if (before !== undefined) this.#policyIndex.delete(before)
    const known: KnownPolicy = { policy, selector: compiled.subject }
    this.#policies.set(compiled.key, known)
    this.#policyIndex.add(known)
    const identities = this.#subjectIndex.find(compiled.subject)
    // Made before the old version goes, so that selectors which both use stay; attached after it went, because both
    // speak to a subject in the name of one policy.
    if (identities.length > 0) known.active = new ActivePolicy(compiled, this.#selectors)
    if (before !== undefined) this.#deactivate(before)
    for (const identity of identities) {
      const subject = this.#subjects.get(identity)
      if (subject !== undefined) this.#attach(known, subject)
    }
    return compiled.errors
  }

  deletePolicy(key: string): void {
    const known = this.#policies.get(key)
    if (known === undefined) return
    this.#policies.delete(key)
    this.#policyIndex.delete(known)
    this.#deactivate(known)
  }

  setIdentity(identity: IdentityId, labels: Labels): void {
    this.#labelsOf.set(identity, labels)
    this.#selectors.setIdentity(identity, labels)
    const subject = this.#subjects.get(identity)
    if (subject !== undefined) this.#label(subject, labels)
  }

  deleteIdentity(identity: IdentityId): void {
    this.#labelsOf.delete(identity)
    this.#selectors.setIdentity(identity, undefined)
  }

  /** `identity` undefined: the prefix is gone. */
  setPrefix(prefix: string, identity: IdentityId | undefined): void {
    this.#selectors.setPrefix(prefix, identity)
  }

  setEndpoint(endpoint: EndpointId, identity: IdentityId): void {
    const before = this.#identityOf.get(endpoint)
    if (before === identity) return
    this.#leave(endpoint)
    if (identity === reservedIdentity.unknown) return
    this.#identityOf.set(endpoint, identity)
    let subject = this.#subjects.get(identity)
    if (subject === undefined) {
      subject = new Subject(identity)
      this.#subjects.set(identity, subject)
      const labels = this.#labelsOf.get(identity)
      if (labels !== undefined) this.#label(subject, labels)
    }
    subject.endpoints.add(endpoint)
    this.#touchedSubjects.add(subject)
  }

  deleteEndpoint(endpoint: EndpointId): void {
    this.#leave(endpoint)
    this.#rows.delete(endpoint)
  }

  /** Rows that are new or different since the last flush. */
  flush(): EndpointPolicyRow[] {
    this.#selectors.settle()
    const rows: EndpointPolicyRow[] = []
    for (const subject of this.#subjects.values()) {
      if (subject.labels === undefined) continue
      if (!subject.isStale && !this.#touchedSubjects.has(subject)) continue
      const policy = subject.resolve()
      for (const endpointId of subject.endpoints) {
        const known = this.#rows.get(endpointId)
        const isSame =
          known?.identity === subject.identity &&
          known.entries === policy.entries &&
          known.enforceIngress === policy.enforceIngress &&
          known.enforceEgress === policy.enforceEgress
        if (isSame) continue
        const row = { endpointId, identity: subject.identity, ...policy }
        this.#rows.set(endpointId, row)
        rows.push(row)
      }
    }
    this.#touchedSubjects.clear()
    return rows
  }

  #label(subject: Subject, labels: Labels): void {
    subject.labels = labels
    this.#subjectIndex.set(subject.identity, labels)
    this.#touchedSubjects.add(subject)
    const selecting = this.#policyIndex.matching(labels)
    const wanted = new Set(selecting.map((known) => known.active))
    for (const active of subject.policies) if (!wanted.has(active)) this.#detach(active, subject)
    for (const known of selecting) this.#attach(known, subject)
  }

  #attach(known: KnownPolicy, subject: Subject): void {
    known.active ??= new ActivePolicy(compilePolicy(known.policy, this.#isIdentityLabel), this.#selectors)
    if (!subject.policies.has(known.active)) subject.attach(known.active)
  }

  #detach(active: ActivePolicy, subject: Subject): void {
    subject.detach(active)
    if (active.subjectCount > 0) return
    active[Symbol.dispose]()
    delete this.#policies.get(active.compiled.key)?.active
  }

  #deactivate(known: KnownPolicy): void {
    const { active } = known
    if (active === undefined) return
    for (const subject of this.#subjects.values()) {
      if (subject.policies.has(active)) subject.detach(active)
    }
    active[Symbol.dispose]()
    delete known.active
  }

  #leave(endpoint: EndpointId): void {
    const identity = this.#identityOf.get(endpoint)
    if (identity === undefined) return
    this.#identityOf.delete(endpoint)
    const subject = this.#subjects.get(identity)
    subject?.endpoints.delete(endpoint)
    if (subject === undefined || subject.endpoints.size > 0) return
    for (const active of subject.policies) this.#detach(active, subject)
    this.#subjects.delete(identity)
    this.#subjectIndex.delete(identity)
    this.#touchedSubjects.delete(subject)
  }
}
