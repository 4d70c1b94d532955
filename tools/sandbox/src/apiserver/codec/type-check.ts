import { isObject, type Json, type JsonObject } from '../json.ts'
import { type JsonField, jsonMembers } from './messages.ts'

/** What is wrong with an object of a built-in type as far as its members' names and JSON types go. */
export type TypeFindings = Readonly<{
  /** Members of the wrong type, as `spec.replicas: expected int32, got string`. */
  mismatches: readonly string[]
  /** Members that the type does not have, as `spec.containers[0].imag`. */
  unknown: readonly string[]
}>

/** Compares `object` with the type that the message table has; null counts as absent. */
export function checkTypes(message: string, object: JsonObject): TypeFindings {
  const findings = { mismatches: [] as string[], unknown: [] as string[] }
  checkMessage(message, object, { path: '', findings, isRoot: true })
  return findings
}

type Position = Readonly<{
  path: string
  findings: { mismatches: string[]; unknown: string[] }
  isRoot?: boolean
}>

function checkMessage(
  message: string,
  object: JsonObject,
  { path, findings, isRoot = false }: Position,
): void {
  const members = jsonMembers(message)
  if (members === undefined) return
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined || value === null) continue
    if (isRoot && (name === 'apiVersion' || name === 'kind')) continue
    const inner = { path: path === '' ? name : `${path}.${name}`, findings }
    const field = members.get(name)
    if (field === undefined) findings.unknown.push(inner.path)
    else checkField(field, value, inner)
  }
}

function checkField({ type, shape }: JsonField, value: Json, { path, findings }: Position): void {
  if (shape === 'list') {
    if (!Array.isArray(value)) findings.mismatches.push(`${path}: expected a list, got ${nameOf(value)}`)
    else
      for (const [i, element] of value.entries())
        checkValue(type, element, { path: `${path}[${i}]`, findings })
  } else if (shape === 'map') {
    if (!isObject(value)) findings.mismatches.push(`${path}: expected a map, got ${nameOf(value)}`)
    else
      for (const [key, member] of Object.entries(value))
        if (member !== undefined && member !== null)
          checkValue(type, member, { path: `${path}[${key}]`, findings })
  } else checkValue(type, value, { path, findings })
}

function checkValue(type: string, value: Json, { path, findings }: Position): void {
  if (jsonMembers(type) !== undefined) {
    if (isObject(value)) checkMessage(type, value, { path, findings })
    // ExtraValue is the one message whose JSON is a list.
    else if (!(Array.isArray(value) && type.endsWith('.ExtraValue')))
      findings.mismatches.push(`${path}: expected ${type.split('.').pop()}, got ${nameOf(value)}`)
  } else if (!isOfType(type, value))
    findings.mismatches.push(`${path}: expected ${type}, got ${nameOf(value)}`)
}

function isOfType(type: string, value: Json): boolean {
  switch (type) {
    case 'string':
    case 'bytes':
    case 'Time':
      return typeof value === 'string'
    case 'bool':
      return typeof value === 'boolean'
    case 'int32':
    case 'int64':
      return Number.isInteger(value)
    case 'double':
      return typeof value === 'number'
    case 'Quantity':
      return typeof value === 'string' || typeof value === 'number'
    case 'IntOrString':
      return typeof value === 'string' || Number.isInteger(value)
    default:
      // FieldsV1, RawExtension: any JSON.
      return true
  }
}

function nameOf(value: Json): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : isObject(value) ? 'an object' : typeof value
}
