import { badRequest } from '../errors.ts'
import { type Json, objectsAt, stringMapAt, stringsAt, textAt } from '../json.ts'

export type LabelMatcher = (labels: Readonly<Record<string, string>>) => boolean

const keyPattern = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const valuePattern = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/

export function isLabelKey(key: string): boolean {
  const name = key.slice(key.lastIndexOf('/') + 1)
  return name.length <= 63 && key.length <= 253 + 1 + 63 && keyPattern.test(key)
}

export function isLabelValue(value: string): boolean {
  return value.length <= 63 && valuePattern.test(value)
}

/**
 * The `labelSelector` query parameter: comma-separated `k`, `!k`, `k=v`, `k==v`, `k!=v`, `k in (a,b)`,
 * `k notin (a,b)`, `k>n`, `k<n` (k8s.io/apimachinery/pkg/labels). All must hold; empty selects everything.
 */
export function parseLabelSelector(text: string): LabelMatcher {
  const matchers = splitTopLevel(text).map(parseRequirement)
  return (labels) => matchers.every((matches) => matches(labels))
}

/** Splits at the commas that are outside parentheses. */
function splitTopLevel(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i <= text.length; i++) {
    const char = text[i]
    if (char === '(') depth++
    if (char === ')') depth--
    if (char === undefined || (char === ',' && depth === 0)) {
      parts.push(text.slice(start, i).trim())
      start = i + 1
    }
  }
  return text.trim() === '' ? [] : parts
}

function parseRequirement(text: string): LabelMatcher {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(text)
  if (set !== null) {
    const [, key = '', operator = '', list = ''] = set
    const values = list.split(',').map((value) => value.trim())
    return requirement(text, { key, operator: operator === 'in' ? 'In' : 'NotIn', values })
  }
  const compared = /^([^\s=!<>]+)\s*(==|=|!=|<|>)\s*([^\s=!<>]*)$/.exec(text)
  if (compared !== null) {
    const [, key = '', sign = '', value = ''] = compared
    if (sign === '<' || sign === '>') return comparison(text, { key, sign, value })
    return requirement(text, { key, operator: sign === '!=' ? 'NotIn' : 'In', values: [value] })
  }
  const exists = /^(!?)\s*([^\s=!<>(),]+)$/.exec(text)
  if (exists === null) throw unparsable(text)
  const [, negation = '', key = ''] = exists
  return requirement(text, { key, operator: negation === '!' ? 'DoesNotExist' : 'Exists', values: [] })
}

type Requirement = { key: string; operator: string; values: readonly string[] }

function requirement(text: string, parsed: Requirement): LabelMatcher {
  if (!isLabelKey(parsed.key) || !parsed.values.every(isLabelValue)) throw unparsable(text)
  return requirementMatcher(parsed)
}

function comparison(
  text: string,
  { key, sign, value }: { key: string; sign: '<' | '>'; value: string },
): LabelMatcher {
  if (!isLabelKey(key) || !/^-?\d+$/.test(value)) throw unparsable(text)
  return (labels) => {
    const found = Object.hasOwn(labels, key) ? Number(labels[key]) : Number.NaN
    return sign === '<' ? found < Number(value) : found > Number(value)
  }
}

function unparsable(text: string): Error {
  return badRequest(`unable to parse requirement: ${JSON.stringify(text)} is not a label requirement`)
}

function requirementMatcher({ key, operator, values }: Requirement): LabelMatcher {
  const labelValue = (labels: Readonly<Record<string, string>>) =>
    Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'In':
      return (labels) => {
        const value = labelValue(labels)
        return value !== undefined && values.includes(value)
      }
    case 'NotIn':
      return (labels) => {
        const value = labelValue(labels)
        return value === undefined || !values.includes(value)
      }
    case 'Exists':
      return (labels) => labelValue(labels) !== undefined
    case 'DoesNotExist':
      return (labels) => labelValue(labels) === undefined
    default:
      return () => false
  }
}

/** A metav1.LabelSelector object. An empty one selects everything, an absent one nothing. */
export function labelSelectorMatcher(selector: Json | undefined): LabelMatcher {
  if (selector === undefined || selector === null) return () => false
  const equalities = Object.entries(stringMapAt(selector, 'matchLabels'))
  const requirements = objectsAt(selector, 'matchExpressions').map((expression) =>
    requirementMatcher({
      key: textAt(expression, 'key'),
      operator: textAt(expression, 'operator'),
      values: stringsAt(expression, 'values'),
    }),
  )
  return (labels) =>
    equalities.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value) &&
    requirements.every((matches) => matches(labels))
}

/** A plain map selector (Services): an empty one selects nothing. */
export function mapSelectorMatcher(selector: Readonly<Record<string, string>>): LabelMatcher {
  const equalities = Object.entries(selector)
  return (labels) =>
    equalities.length > 0 &&
    equalities.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value)
}
