import type { JsonObject } from '../json.ts'
import type { FieldSchema } from '../patch/schema.ts'
import type { ResourceType } from '../resources/types.ts'
import { describedFields, describedTypes } from './type-fields.ts'

/**
 * The `definitions` of the OpenAPI v2 document: the described types, their fields with what says how lists are merged.
 * Kinds that have no such lists are left out: kubectl uses the types that it was built with for those.
 */
export function openApiDefinitions(types: readonly ResourceType[]): JsonObject {
  const definitions: JsonObject = {}
  for (const name of describedTypes()) definitions[name] = structure(name)
  for (const { group, kind, version, schema } of types) {
    if (schema === undefined || describedFields(schema) === undefined) continue
    definitions[schema] = {
      ...structure(schema),
      'x-kubernetes-group-version-kind': [{ group, kind, version }],
    }
  }
  return definitions
}

function structure(type: string): JsonObject {
  const properties: JsonObject = {}
  for (const { name, schema } of describedFields(type) ?? []) properties[name] = property(schema)
  return { type: 'object', properties }
}

function property(schema: FieldSchema): JsonObject {
  const strategies = [
    schema.mergeKey !== undefined || schema.isSet === true ? 'merge' : '',
    schema.retainsKeys === true ? 'retainKeys' : '',
  ]
  const strategy = strategies.filter((name) => name !== '').join(',')
  const isList = schema.mergeKey !== undefined || schema.isSet === true
  const element: JsonObject =
    schema.type !== undefined && describedFields(schema.type) !== undefined
      ? { $ref: `#/definitions/${schema.type}` }
      : {}
  return {
    ...(isList ? { type: 'array', items: element } : element),
    ...(strategy === '' ? {} : { 'x-kubernetes-patch-strategy': strategy }),
    ...(schema.mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': schema.mergeKey }),
  }
}
