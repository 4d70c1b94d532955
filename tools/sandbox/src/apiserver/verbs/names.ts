import type { FieldProblem } from '../errors.ts'
import type { KubeObject } from '../object.ts'
import type { NameRule } from '../resources/types.ts'
import { isLabelKey, isLabelValue } from '../selectors/labels.ts'

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

const rules: Readonly<Record<NameRule, { matches: (name: string) => boolean; says: string }>> = {
  subdomain: {
    matches: (name) => name.length <= 253 && subdomain.test(name),
    says: "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  },
  label: {
    matches: (name) => name.length <= 63 && label.test(name),
    says: "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  },
  label1035: {
    matches: (name) => name.length <= 63 && label1035.test(name),
    says: "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  },
  path: {
    matches: (name) => name !== '.' && name !== '..' && !/[/%]/.test(name),
    says: "must not be '.' or '..' and must not contain '/' or '%'",
  },
}

export function isDnsLabel(name: string): boolean {
  return rules.label.matches(name)
}

export function isDnsSubdomain(name: string): boolean {
  return rules.subdomain.matches(name)
}

/** Problems of the parts that every object has. */
export function metadataProblems(object: KubeObject, rule: NameRule): FieldProblem[] {
  const problems: FieldProblem[] = []
  const refuse = (field: string, value: string, why: string) =>
    problems.push({
      field,
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
    })
  const { name, labels = {}, annotations = {}, finalizers = [] } = object.metadata
  if (name === '')
    problems.push({
      field: 'metadata.name',
      reason: 'FieldValueRequired',
      message: 'Required value: name or generateName is required',
    })
  else if (!rules[rule].matches(name)) refuse('metadata.name', name, rules[rule].says)
  for (const [key, value] of Object.entries(labels)) {
    if (!isLabelKey(key))
      refuse('metadata.labels', key, 'a label key is [prefix/]name of at most 63 characters')
    if (!isLabelValue(value))
      refuse(
        'metadata.labels',
        value,
        'a valid label must be an empty string or consist of at most 63 alphanumeric characters, - _ or .',
      )
  }
  for (const key of Object.keys(annotations)) {
    if (!isLabelKey(key.toLowerCase()))
      refuse('metadata.annotations', key, 'an annotation key is [prefix/]name')
  }
  for (const finalizer of finalizers) {
    if (!isLabelKey(finalizer)) refuse('metadata.finalizers', finalizer, 'a finalizer is a qualified name')
  }
  return problems
}

/** The alphabet of generated names: no vowels, nothing that looks alike (k8s.io/apimachinery/pkg/util/rand). */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789'

function randomSuffix(length: number, random: () => number): string {
  return Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)] ?? 'x').join('')
}

/** generateName plus five characters, cut so that the whole stays a DNS label's length. */
export function generatedName(prefix: string, random: () => number): string {
  return `${prefix.slice(0, 58)}${randomSuffix(5, random)}`
}
