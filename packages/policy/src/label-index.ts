import type { Labels } from '@axoneme/slim-types'
import { type IdentitySelector, type Requirement, selectsIdentity } from './identity-selector.ts'

/** Things with labels, found by selector without looking at those that have none of its labels. */
export class LabelIndex<Id> {
  readonly #labels = new Map<Id, Labels>()
  readonly #byLabel = new Map<string, Set<Id>>()

  get(id: Id): Labels | undefined {
    return this.#labels.get(id)
  }

  set(id: Id, labels: Labels): void {
    this.delete(id)
    this.#labels.set(id, labels)
    for (const term of termsOf(labels)) {
      const ids = this.#byLabel.get(term)
      if (ids === undefined) this.#byLabel.set(term, new Set([id]))
      else ids.add(id)
    }
  }

  delete(id: Id): void {
    for (const term of termsOf(this.#labels.get(id) ?? {})) {
      const ids = this.#byLabel.get(term)
      ids?.delete(id)
      if (ids?.size === 0) this.#byLabel.delete(term)
    }
    this.#labels.delete(id)
  }

  find(selector: IdentitySelector): Id[] {
    let best: { sets: ReadonlySet<Id>[]; size: number } | undefined
    for (const requirement of selector.requirements) {
      const terms = termsThatSatisfy(requirement)
      if (terms === undefined) continue
      const sets = terms.flatMap((term) => this.#byLabel.get(term) ?? [])
      const size = sets.reduce((sum, ids) => sum + ids.size, 0)
      if (best === undefined || size < best.size) best = { sets, size }
    }
    const candidates = best === undefined ? [this.#labels.keys()] : best.sets
    return candidates.flatMap((ids) =>
      Array.from(ids).filter((id) => selectsIdentity(selector, this.#labels.get(id) ?? {})),
    )
  }
}

/** Selectors, found by labels without looking at those that ask for other labels. */
export class SelectorIndex<Item extends Readonly<{ selector: IdentitySelector }>> {
  readonly #byTerm = new Map<string, Set<Item>>()
  /** Those that name no label that must be there. */
  readonly #unanchored = new Set<Item>()

  add(item: Item): void {
    for (const items of this.#placesOf(item, true)) items.add(item)
  }

  delete(item: Item): void {
    for (const items of this.#placesOf(item, false)) items.delete(item)
    for (const term of anchorOf(item.selector) ?? []) {
      if (this.#byTerm.get(term)?.size === 0) this.#byTerm.delete(term)
    }
  }

  matching(labels: Labels): Item[] {
    const candidates = new Set(this.#unanchored)
    for (const term of termsOf(labels)) for (const item of this.#byTerm.get(term) ?? []) candidates.add(item)
    return [...candidates].filter((item) => selectsIdentity(item.selector, labels))
  }

  #placesOf({ selector }: Item, isNew: boolean): Set<Item>[] {
    const anchor = anchorOf(selector)
    if (anchor === undefined) return [this.#unanchored]
    return anchor.map((term) => {
      const items = this.#byTerm.get(term) ?? new Set<Item>()
      if (isNew) this.#byTerm.set(term, items)
      return items
    })
  }
}

/** What a label set is found under: each key, and each key with its value. */
function termsOf(labels: Labels): string[] {
  return Object.entries(labels).flatMap(([key, value]) => [key, pairTerm(key, value)])
}

/** The terms of which one must be there for the requirement to hold; undefined when it holds without any. */
function termsThatSatisfy({ key, operator, values }: Requirement): string[] | undefined {
  if (operator === 'In') return values.map((value) => pairTerm(key, value))
  return operator === 'Exists' ? [key] : undefined
}

/**
 * The terms that a selector is filed under: those of its most telling requirement. A value tells more than a key, and
 * the pod's own labels tell more than its namespace, which comes first in every selector.
 */
function anchorOf({ requirements }: IdentitySelector): string[] | undefined {
  const anchors = requirements.filter(({ operator }) => operator === 'In' || operator === 'Exists')
  const best = anchors.findLast(({ operator }) => operator === 'In') ?? anchors.at(-1)
  return best === undefined ? undefined : termsThatSatisfy(best)
}

/** Label keys have no NUL. */
function pairTerm(key: string, value: string): string {
  return `${key}\0${value}`
}
