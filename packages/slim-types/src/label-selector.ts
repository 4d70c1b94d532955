import { DecodeError, quoted } from './errors.ts'
import type { Interner } from './interner.ts'
import { type JsonObject, objectsAt, textAt, textMapAt, textsAt } from './json.ts'
import { anyJson, type JsonShape, listShape, objectShape, sharedMap, sharedText } from './json-shape.ts'
import { enter, leave, readMapEntry } from './protobuf.ts'
import type { Labels, SlimLabelSelector, SlimLabelSelectorRequirement } from './types.ts'
import { labelsOf, listOf } from './values.ts'
import type { WireReader } from './wire-reader.ts'

/**
 * Whether `labels` satisfy every part of `selector`; an empty selector is satisfied by all. As in Kubernetes, NotIn
 * and DoesNotExist are also satisfied where the key is absent.
 */
export function selectorMatches(selector: SlimLabelSelector, labels: Labels): boolean {
  for (const key of Object.keys(selector.matchLabels)) {
    if (!Object.hasOwn(labels, key) || labels[key] !== selector.matchLabels[key]) return false
  }
  return selector.matchExpressions.every((requirement) => requirementMatches(requirement, labels))
}

function requirementMatches(requirement: SlimLabelSelectorRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && requirement.values.includes(value)
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
  }
}

/** A nested meta/v1 LabelSelector. */
export function readLabelSelector(reader: WireReader, interner: Interner): SlimLabelSelector {
  const end = enter(reader)
  const matchLabels = new Map<string, string>()
  const matchExpressions: SlimLabelSelectorRequirement[] = []
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        readMapEntry(reader, matchLabels, interner)
        break
      case (2 << 3) | 2:
        matchExpressions.push(readRequirement(reader, interner))
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
  return { matchLabels: labelsOf(matchLabels), matchExpressions: listOf(matchExpressions) }
}

function readRequirement(reader: WireReader, interner: Interner): SlimLabelSelectorRequirement {
  const end = enter(reader)
  const values: string[] = []
  let key = ''
  let operator = ''
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case (1 << 3) | 2:
        key = reader.interned(interner)
        break
      case (2 << 3) | 2:
        operator = reader.string()
        break
      case (3 << 3) | 2:
        values.push(reader.interned(interner))
        break
      default:
        reader.skip(tag)
    }
  }
  leave(reader, end)
  return { key, operator: operatorOf(operator), values: listOf(values) }
}

/** What `labelSelectorFromJson` wants. */
export function labelSelectorShape(interner: Interner): JsonShape {
  const shared = sharedText(interner)
  return objectShape({
    matchLabels: sharedMap(interner),
    matchExpressions: listShape(objectShape({ key: shared, operator: anyJson, values: listShape(shared) })),
  })
}

export function labelSelectorFromJson(object: JsonObject): SlimLabelSelector {
  const matchExpressions = objectsAt(object, 'matchExpressions').map((requirement) => ({
    key: textAt(requirement, 'key'),
    operator: operatorOf(textAt(requirement, 'operator')),
    values: listOf(textsAt(requirement, 'values')),
  }))
  return {
    matchLabels: labelsOf(textMapAt(object, 'matchLabels')),
    matchExpressions: listOf(matchExpressions),
  }
}

function operatorOf(text: string): SlimLabelSelectorRequirement['operator'] {
  if (text === 'In' || text === 'NotIn' || text === 'Exists' || text === 'DoesNotExist') return text
  throw new DecodeError(`${quoted(text)} is not an operator of a label selector`)
}
