import protobuf from 'protobufjs/minimal.js'
import { stringify } from 'yaml'
import { isObject, type Json, type JsonObject, objectAt, objectsAt, textAt } from '../json.ts'
import type { Registry } from '../resources/registry.ts'
import { openApiDefinitions } from './definitions.ts'
import { objectPath, openApiTitle, patchParameters } from './openapi.ts'

/** How clients ask for it: the first is no valid media type (`@`), so the second is what the answer is called. */
export const openApiV2MediaTypes = [
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
] as const

/** `/openapi/v2`: what kubectl before 1.27 merges and validates by, and where it looks for dry runs. */
export function openApiV2(registry: Registry): JsonObject {
  const types = registry.all().filter((type) => type.verbs.includes('patch'))
  const paths: JsonObject = {}
  for (const type of types) {
    paths[objectPath(type)] = {
      patch: {
        operationId: `patch${type.kind}`,
        parameters: patchParameters.map((name) => ({ name, in: 'query', type: 'string' })),
        responses: { 200: { description: 'OK' } },
        'x-kubernetes-action': 'patch',
        'x-kubernetes-group-version-kind': { group: type.group, kind: type.kind, version: type.version },
      },
    }
  }
  const info = { title: openApiTitle, version: 'v1' }
  return { swagger: '2.0', info, paths, definitions: openApiDefinitions(types) }
}

type Writer = protobuf.Writer

/**
 * The document as a protobuf message, which is the only form that kubectl reads. Field numbers are those of gnostic's
 * openapi.v2.Document; only what `openApiV2` uses is written.
 */
export function encodeOpenApiV2(document: JsonObject): Uint8Array {
  const writer = protobuf.Writer.create()
  text(writer, 1, textAt(document, 'swagger'))
  message(writer, 2, (info) => {
    text(info, 1, textAt(document, 'info', 'title'))
    text(info, 2, textAt(document, 'info', 'version'))
  })
  message(writer, 8, (paths) => {
    for (const [path, item] of Object.entries(objectAt(document, 'paths')))
      named(paths, { field: 2, name: path }, (value) =>
        message(value, 8, (operation) => writeOperation(operation, objectAt(item, 'patch'))),
      )
  })
  message(writer, 9, (definitions) => writeSchemas(definitions, objectAt(document, 'definitions')))
  return writer.finish()
}

function writeOperation(operation: Writer, source: JsonObject): void {
  text(operation, 5, textAt(source, 'operationId'))
  // ParametersItem, Parameter, NonBodyParameter, QueryParameterSubSchema.
  for (const parameter of objectsAt(source, 'parameters'))
    message(operation, 8, (item) =>
      message(item, 1, (either) =>
        message(either, 2, (nonBody) =>
          message(nonBody, 3, (query) => {
            text(query, 2, textAt(parameter, 'in'))
            text(query, 4, textAt(parameter, 'name'))
            text(query, 6, textAt(parameter, 'type'))
          }),
        ),
      ),
    )
  message(operation, 9, (responses) => {
    for (const [code, response] of Object.entries(objectAt(source, 'responses')))
      named(responses, { field: 1, name: code }, (value) =>
        message(value, 1, (inner) => text(inner, 1, textAt(response, 'description'))),
      )
  })
  writeExtensions(operation, 13, source)
}

function writeSchemas(parent: Writer, schemas: JsonObject): void {
  for (const [name, schema] of Object.entries(schemas))
    named(parent, { field: 1, name }, (value) => writeSchema(value, isObject(schema) ? schema : {}))
}

function writeSchema(writer: Writer, schema: JsonObject): void {
  const reference = textAt(schema, '$ref')
  if (reference !== '') text(writer, 1, reference)
  const type = textAt(schema, 'type')
  if (type !== '') message(writer, 22, (item) => text(item, 1, type))
  const { items, properties } = schema
  if (isObject(items))
    message(writer, 23, (list) => message(list, 1, (element) => writeSchema(element, items)))
  if (isObject(properties)) message(writer, 25, (list) => writeSchemas(list, properties))
  writeExtensions(writer, 31, schema)
}

/** Members that begin with `x-`, each as YAML. */
function writeExtensions(writer: Writer, field: number, source: JsonObject): void {
  for (const [name, value] of Object.entries(source)) {
    if (name.startsWith('x-')) named(writer, { field, name }, (any) => text(any, 2, yamlText(value)))
  }
}

function yamlText(value: Json | undefined): string {
  return stringify(value ?? null)
}

function named(
  writer: Writer,
  { field, name }: { field: number; name: string },
  write: (value: Writer) => void,
): void {
  message(writer, field, (pair) => {
    text(pair, 1, name)
    message(pair, 2, write)
  })
}

function text(writer: Writer, field: number, value: string): void {
  writer.uint32((field << 3) | 2).string(value)
}

function message(writer: Writer, field: number, write: (writer: Writer) => void): void {
  writer.uint32((field << 3) | 2).fork()
  write(writer)
  writer.ldelim()
}
