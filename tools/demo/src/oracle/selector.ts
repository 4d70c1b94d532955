import type { Expression, Selector } from './model.ts'

type Labels = Readonly<Record<string, string>>

/** Whether `labels` satisfy every part of the selector; an empty selector is satisfied by all. */
export function selectorMatches(selector: Selector, labels: Labels): boolean {
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => own(labels, key) === value)
  return (
    equal && (selector.matchExpressions ?? []).every((expression) => expressionMatches(expression, labels))
  )
}

function expressionMatches({ key, operator, values }: Expression, labels: Labels): boolean {
  const value = own(labels, key)
  switch (operator) {
    case 'In':
      return value !== undefined && (values ?? []).includes(value)
    case 'NotIn':
      // Also satisfied where the label is missing (apimachinery labels.Requirement).
      return value === undefined || !(values ?? []).includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      throw new RangeError(`a label selector has no operator ${operator}`)
  }
}

function own(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined
}
