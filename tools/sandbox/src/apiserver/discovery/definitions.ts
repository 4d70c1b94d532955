import { type JsonField, jsonMembers, messageNames } from '../codec/messages.ts'
import type { JsonObject } from '../json.ts'
import { fieldSchema } from '../patch/schema.ts'
import type { ResourceType } from '../resources/types.ts'

/**
 * The `definitions` of the OpenAPI v2 document: every built-in type with its fields and with what says how lists are
 * merged. Custom resources are left out: what is not described is merged as plain JSON and not checked by clients.
 */
export function openApiDefinitions(types: readonly ResourceType[]): JsonObject {
  const definitions: JsonObject = {}
  for (const name of messageNames()) definitions[name] = structure(name)
  for (const { group, kind, version, schema } of types) {
    const members = schema === undefined ? undefined : jsonMembers(schema)
    if (schema === undefined || members === undefined) continue
    const { properties } = structure(schema)
    definitions[schema] = {
      type: 'object',
      properties: { apiVersion: { type: 'string' }, kind: { type: 'string' }, ...(properties as JsonObject) },
      'x-kubernetes-group-version-kind': [{ group, kind, version }],
    }
  }
  return definitions
}

function structure(message: string): JsonObject {
  const properties: JsonObject = {}
  for (const [name, field] of jsonMembers(message) ?? []) properties[name] = property(message, name, field)
  return { type: 'object', properties }
}

function property(message: string, name: string, { type, shape }: JsonField): JsonObject {
  const { mergeKey, isSet, retainsKeys } = fieldSchema(message, name)
  const strategy = [
    mergeKey !== undefined || isSet === true ? 'merge' : '',
    retainsKeys === true ? 'retainKeys' : '',
  ]
    .filter((part) => part !== '')
    .join(',')
  const value = valueSchema(type)
  return {
    ...(shape === 'list' ? { type: 'array', items: value } : shape === 'map' ? { type: 'object' } : value),
    ...(strategy === '' ? {} : { 'x-kubernetes-patch-strategy': strategy }),
    ...(mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': mergeKey }),
  }
}

const scalars: Readonly<Record<string, JsonObject>> = {
  string: { type: 'string' },
  bytes: { type: 'string', format: 'byte' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bool: { type: 'boolean' },
  Time: { type: 'string', format: 'date-time' },
  Quantity: { type: 'string' },
  IntOrString: { type: 'string', format: 'int-or-string' },
  // Any JSON.
  FieldsV1: { type: 'object' },
  RawExtension: { type: 'object' },
}

function valueSchema(type: string): JsonObject {
  return scalars[type] ?? { $ref: `#/definitions/${type}` }
}
