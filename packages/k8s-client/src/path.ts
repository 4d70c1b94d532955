/** Names an object or a collection. */
export type ResourcePath = Readonly<{
  /** `group/version`, or the version alone for the core group. */
  apiVersion: string
  /** The plural name. */
  resource: string
  /** Absent for cluster-scoped resources, and for all namespaces at once. */
  namespace?: string | undefined
  name?: string
  subresource?: string
}>

/** `{ apiVersion: 'apps/v1', resource: 'deployments', namespace: 'a' }` -> `/apis/apps/v1/namespaces/a/deployments`. */
export function resourcePath({ apiVersion, resource, namespace, name, subresource }: ResourcePath): string {
  const root = apiVersion.includes('/') ? '/apis' : '/api'
  const parts = [root, apiVersion]
  if (namespace !== undefined && namespace !== '') parts.push('namespaces', encodeURIComponent(namespace))
  parts.push(resource)
  if (name !== undefined) parts.push(encodeURIComponent(name))
  if (subresource !== undefined) parts.push(subresource)
  return parts.join('/')
}
