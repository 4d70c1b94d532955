import type { FieldProblem } from '../errors.ts'
import { isObject, type Json, type JsonObject, objectsAt, stringMapAt, stringsAt, textAt } from '../json.ts'
import { isLabelKey, isLabelValue } from '../selectors/labels.ts'

export function required(field: string, why = ''): FieldProblem {
  return {
    field,
    reason: 'FieldValueRequired',
    message: why === '' ? 'Required value' : `Required value: ${why}`,
  }
}

export function wrong(field: string, value: Json | undefined, why: string): FieldProblem {
  return {
    field,
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(value ?? null)}: ${why}`,
  }
}

export function unsupported(
  field: string,
  value: Json | undefined,
  supported: readonly string[],
): FieldProblem {
  const values = supported.map((name) => JSON.stringify(name)).join(', ')
  return {
    field,
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${JSON.stringify(value ?? null)}: supported values: ${values}`,
  }
}

export function duplicate(field: string, value: Json): FieldProblem {
  return { field, reason: 'FieldValueDuplicate', message: `Duplicate value: ${JSON.stringify(value)}` }
}

export function forbiddenField(field: string, why: string): FieldProblem {
  return { field, reason: 'FieldValueForbidden', message: `Forbidden: ${why}` }
}

export function isPortNumber(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535
}

const portRange = 'must be between 1 and 65535, inclusive'

export function portProblems(field: string, value: Json | undefined): FieldProblem[] {
  if (value === undefined || value === null) return [required(field)]
  return isPortNumber(value) ? [] : [wrong(field, value, portRange)]
}

/** A number, or the name of a container port (an IANA service name). */
export function portOrNameProblems(field: string, value: Json | undefined): FieldProblem[] {
  if (typeof value !== 'string') return portProblems(field, value)
  const isName =
    value.length <= 15 &&
    /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(value) &&
    /[a-z]/.test(value) &&
    !value.includes('--')
  return isName
    ? []
    : [
        wrong(
          field,
          value,
          'a port name has at most 15 lower case alphanumeric characters or -, one of them a letter',
        ),
      ]
}

const protocols = ['SCTP', 'TCP', 'UDP']

export function protocolProblems(field: string, value: Json | undefined): FieldProblem[] {
  return typeof value === 'string' && protocols.includes(value) ? [] : [unsupported(field, value, protocols)]
}

/** A whole number that is not negative; absent is fine. */
export function countProblems(field: string, value: Json | undefined): FieldProblem[] {
  if (value === undefined || value === null) return []
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? []
    : [wrong(field, value, 'must be greater than or equal to 0')]
}

const operators = ['DoesNotExist', 'Exists', 'In', 'NotIn']

/** A metav1.LabelSelector; absent is fine. */
export function labelSelectorProblems(field: string, selector: Json | undefined): FieldProblem[] {
  if (selector === undefined || selector === null) return []
  if (!isObject(selector)) return [wrong(field, selector, 'must be a label selector')]
  const problems: FieldProblem[] = labelMapProblems(`${field}.matchLabels`, selector.matchLabels)
  for (const [i, expression] of objectsAt(selector, 'matchExpressions').entries())
    problems.push(...expressionProblems(`${field}.matchExpressions[${i}]`, expression))
  return problems
}

function expressionProblems(field: string, expression: JsonObject): FieldProblem[] {
  const problems: FieldProblem[] = []
  const [key, operator] = [textAt(expression, 'key'), textAt(expression, 'operator')]
  const values = stringsAt(expression, 'values')
  if (!isLabelKey(key)) problems.push(wrong(`${field}.key`, key, 'must be a label key'))
  if (!operators.includes(operator))
    problems.push(wrong(`${field}.operator`, operator, 'not a valid selector operator'))
  const takesValues = operator === 'In' || operator === 'NotIn'
  if (takesValues && values.length === 0)
    problems.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
  if (!takesValues && values.length > 0)
    problems.push(
      forbiddenField(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
    )
  for (const value of values)
    if (!isLabelValue(value)) problems.push(wrong(`${field}.values`, value, 'must be a label value'))
  return problems
}

/** A map of label keys to label values; absent is fine. */
export function labelMapProblems(field: string, map: Json | undefined): FieldProblem[] {
  if (map === undefined || map === null) return []
  if (!isObject(map)) return [wrong(field, map, 'must be a map of strings')]
  const strings = stringMapAt(map)
  return Object.entries(map).flatMap(([key, value]) => {
    if (!isLabelKey(key)) return [wrong(field, key, 'must be a label key')]
    return Object.hasOwn(strings, key) && isLabelValue(strings[key] ?? '')
      ? []
      : [wrong(field, value, 'must be a label value')]
  })
}

/** `value` must be a list of objects; absent is fine. Nothing of the rest looks at members of another shape. */
export function objectListProblems(field: string, value: Json | undefined): FieldProblem[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) return [wrong(field, value, 'must be a list')]
  return value.flatMap((member, i) =>
    isObject(member) ? [] : [wrong(`${field}[${i}]`, member, 'must be an object')],
  )
}
