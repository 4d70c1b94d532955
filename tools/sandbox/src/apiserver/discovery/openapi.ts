import type { JsonObject } from '../json.ts'
import type { Registry } from '../resources/registry.ts'
import type { ResourceType } from '../resources/types.ts'
import { patchTypes } from '../verbs/patch.ts'

export const openApiTitle = 'Axoneme sandbox'

/** The path of single objects of a resource, as OpenAPI writes it. */
export function objectPath(type: ResourceType): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`
  return `${root}${type.namespaced ? '/namespaces/{namespace}' : ''}/${type.plural}/{name}`
}

/** What clients look for in a PATCH operation: whether the server knows dry runs and field validation. */
export const patchParameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'] as const

/**
 * `/openapi/v3`: where the document of each group and version is. There are no schemas: kubectl then merges with the
 * types that it knows, which are the same, and the server validates.
 */
export function openApiIndex(registry: Registry): JsonObject {
  const roots = new Set(registry.all().map(rootOf))
  const paths: JsonObject = {}
  for (const root of [...roots].sort()) paths[root] = { serverRelativeURL: `/openapi/v3/${root}` }
  return { paths }
}

/** `/openapi/v3/ROOT`; undefined when nothing is served there. */
export function openApiDocument(registry: Registry, root: string): JsonObject | undefined {
  const types = registry.all().filter((type) => rootOf(type) === root && type.verbs.includes('patch'))
  if (!registry.all().some((type) => rootOf(type) === root)) return undefined
  const paths: JsonObject = {}
  for (const type of types) paths[objectPath(type)] = { patch: patchOperation(type) }
  return {
    openapi: '3.0.0',
    info: { title: openApiTitle, version: 'v1' },
    paths,
    components: { schemas: {} },
  }
}

function rootOf(type: ResourceType): string {
  return type.group === '' ? `api/${type.version}` : `apis/${type.group}/${type.version}`
}

function patchOperation(type: ResourceType): JsonObject {
  // The strategic form is not named here although it is served: kubectl would look for schemas to merge by.
  const accepted = [patchTypes.json, patchTypes.merge, patchTypes.apply]
  return {
    operationId: `patch${type.kind}`,
    parameters: patchParameters.map((name) => ({
      name,
      in: 'query',
      schema: { type: 'string', uniqueItems: true },
    })),
    requestBody: {
      content: Object.fromEntries(accepted.map((name) => [name, { schema: { type: 'object' } }])),
      required: true,
    },
    responses: { 200: { description: 'OK' } },
    'x-kubernetes-action': 'patch',
    'x-kubernetes-group-version-kind': { group: type.group, kind: type.kind, version: type.version },
  }
}
