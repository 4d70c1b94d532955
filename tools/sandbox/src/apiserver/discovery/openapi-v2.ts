import protobuf from 'protobufjs/minimal.js'
import type { JsonObject } from '../json.ts'
import type { Registry } from '../resources/registry.ts'
import type { ResourceType } from '../resources/types.ts'
import { objectPath, openApiTitle, patchParameters } from './openapi.ts'

/** How clients ask for it: the first is no valid media type (`@`), so the second is what the answer is called. */
export const openApiV2MediaTypes = [
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
] as const

/** `/openapi/v2` as JSON. */
export function openApiV2(registry: Registry): JsonObject {
  const paths: JsonObject = {}
  for (const type of patchable(registry)) {
    paths[objectPath(type)] = {
      patch: {
        parameters: patchParameters.map((name) => ({ name, in: 'query', type: 'string', uniqueItems: true })),
        responses: { 200: { description: 'OK' } },
        'x-kubernetes-action': 'patch',
        'x-kubernetes-group-version-kind': { group: type.group, kind: type.kind, version: type.version },
      },
    }
  }
  return { swagger: '2.0', info: { title: openApiTitle, version: 'v1' }, paths, definitions: {} }
}

function patchable(registry: Registry): ResourceType[] {
  return registry.all().filter((type) => type.verbs.includes('patch'))
}

type Writer = protobuf.Writer

/** The same document as a protobuf message (gnostic's openapi.v2.Document), which is what kubectl up to 1.2x reads. */
export function openApiV2Protobuf(registry: Registry): Uint8Array {
  const document = protobuf.Writer.create()
  text(document, 1, '2.0')
  message(document, 2, (info) => {
    text(info, 1, openApiTitle)
    text(info, 2, 'v1')
  })
  message(document, 8, (paths) => {
    for (const type of patchable(registry))
      message(paths, 2, (named) => {
        text(named, 1, objectPath(type))
        message(named, 2, (item) => message(item, 8, (operation) => writeOperation(operation, type)))
      })
  })
  return document.finish()
}

function writeOperation(operation: Writer, type: ResourceType): void {
  text(operation, 5, `patch${type.kind}`)
  for (const name of patchParameters)
    message(operation, 8, (item) =>
      message(item, 1, (parameter) =>
        message(parameter, 2, (nonBody) =>
          message(nonBody, 3, (query) => {
            text(query, 2, 'query')
            text(query, 4, name)
            text(query, 6, 'string')
          }),
        ),
      ),
    )
  message(operation, 9, (responses) =>
    message(responses, 1, (named) => {
      text(named, 1, '200')
      message(named, 2, (value) => message(value, 1, (response) => text(response, 1, 'OK')))
    }),
  )
  const groupVersionKind = `group: "${type.group}"\nkind: ${type.kind}\nversion: ${type.version}\n`
  for (const [name, yaml] of [
    ['x-kubernetes-action', 'patch\n'],
    ['x-kubernetes-group-version-kind', groupVersionKind],
  ] as const)
    message(operation, 13, (named) => {
      text(named, 1, name)
      message(named, 2, (any) => text(any, 2, yaml))
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
