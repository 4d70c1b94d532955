import { isObject, type Json, type JsonObject } from '../json.ts'
import type { KubeObject } from '../object.ts'
import { groupVersion, type ResourceType } from '../resources/types.ts'
import type { ListResult } from '../verbs/list.ts'

export type IncludeObject = 'None' | 'Metadata' | 'Object'

/** metav1.ListMeta of a page. */
export function listMeta(result: ListResult): JsonObject {
  return {
    resourceVersion: String(result.revision),
    ...(result.continueToken === undefined ? {} : { continue: result.continueToken }),
    ...(result.remaining === undefined ? {} : { remainingItemCount: result.remaining }),
  }
}

export function partialMetadata(object: KubeObject, version: string): JsonObject {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: object.metadata as JsonObject,
  }
}

export function partialMetadataList(result: ListResult, version: string): JsonObject {
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: listMeta(result),
    items: result.items.map((item) => partialMetadata(item, version)),
  }
}

/** A metav1.Table: what `kubectl get` prints. */
export function tableOf(
  type: ResourceType,
  {
    objects,
    metadata,
    version,
    includeObject,
    nowMs,
    withColumns = true,
  }: {
    objects: readonly KubeObject[]
    metadata: JsonObject
    version: string
    includeObject: IncludeObject
    nowMs: number
    /** A watch sends the definitions once. */
    withColumns?: boolean
  },
): JsonObject {
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    columnDefinitions: withColumns
      ? type.columns.map(({ name, type: cellType, format = '', description = '', priority = 0 }) => ({
          name,
          type: cellType,
          format,
          description,
          priority,
        }))
      : [],
    rows: objects.map((object) => ({
      cells: type.columns.map((column) => column.cell(object, nowMs)),
      object: includedObject(object, includeObject, version),
    })),
  }
}

function includedObject(object: KubeObject, include: IncludeObject, version: string): Json {
  if (include === 'None') return null
  return include === 'Object' ? object : partialMetadata(object, version)
}

/** Built-in lists leave apiVersion and kind out of their items; what has no schema keeps them. */
export function listItem(type: ResourceType, object: KubeObject): JsonObject {
  if (type.schema === undefined) return object
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = object
  return isObject(rest) ? rest : object
}

export function listKind(type: ResourceType): JsonObject {
  return { kind: `${type.kind}List`, apiVersion: groupVersion(type) }
}
