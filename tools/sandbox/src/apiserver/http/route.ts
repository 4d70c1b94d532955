import type { Registry } from '../resources/registry.ts'
import type { ResourceType } from '../resources/types.ts'

/** A path below /api or /apis that names a resource that is served. */
export type ResourceRoute = Readonly<{
  type: ResourceType
  /** Empty for cluster-scoped resources and for all namespaces. */
  namespace: string
  /** Undefined for the collection. */
  name: string | undefined
  subresource: string | undefined
}>

/** The segments of a path, percent-decoded; undefined when it cannot be decoded. */
export function pathSegments(path: string): string[] | undefined {
  try {
    return path
      .split('/')
      .filter((segment) => segment !== '')
      .map((segment) => decodeURIComponent(segment))
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

/** `/api/v1/...` and `/apis/GROUP/VERSION/...`, with or without `namespaces/NAME`. Undefined when nothing is served there. */
export function resolveRoute(registry: Registry, segments: readonly string[]): ResourceRoute | undefined {
  const [root, ...rest] = segments
  if (root !== 'api' && root !== 'apis') return undefined
  const group = root === 'api' ? '' : rest.shift()
  const version = rest.shift()
  if (group === undefined || version === undefined || (root === 'apis' && group === '')) return undefined
  const isNamespaced = rest[0] === 'namespaces' && rest.length >= 3
  if (isNamespaced) {
    const [, namespace = '', plural = '', name, ...subresource] = rest
    const type = registry.find(group, version, plural)
    if (type?.namespaced === true) return { type, namespace, name, subresource: joined(subresource) }
  }
  const [plural = '', name, ...subresource] = rest
  const type = registry.find(group, version, plural)
  if (type === undefined || (type.namespaced && name !== undefined)) return undefined
  return { type, namespace: '', name, subresource: joined(subresource) }
}

function joined(segments: readonly string[]): string | undefined {
  return segments.length === 0 ? undefined : segments.join('/')
}
