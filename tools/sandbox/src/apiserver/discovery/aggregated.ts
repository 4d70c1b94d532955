import type { JsonObject } from '../json.ts'
import type { Registry } from '../resources/registry.ts'
import type { ResourceType } from '../resources/types.ts'
import { actionKinds, groupNames, versionsOf } from './discovery.ts'

/**
 * APIGroupDiscoveryList (apidiscovery.k8s.io): every resource in one answer, for `/api` the core group, for `/apis`
 * all others. Saves kubectl a request per group and version.
 */
export function aggregatedDiscovery(
  registry: Registry,
  { root, version }: { root: 'api' | 'apis'; version: string },
): JsonObject {
  const names = root === 'api' ? [''] : groupNames(registry)
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: names.map((name) => ({
      metadata: name === '' ? {} : { name },
      versions: versionsOf(registry, name).map((served) => ({
        version: served,
        freshness: 'Current',
        resources: registry
          .all()
          .filter((type) => type.group === name && type.version === served)
          .map(resource),
      })),
    })),
  }
}

function resource(type: ResourceType): JsonObject {
  const kind = { group: type.group, version: type.version, kind: type.kind }
  const subresources: JsonObject[] = []
  if (type.hasStatus)
    subresources.push({ subresource: 'status', responseKind: kind, verbs: ['get', 'patch', 'update'] })
  if (type.scale !== undefined)
    subresources.push({
      subresource: 'scale',
      responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
      verbs: ['get', 'patch', 'update'],
    })
  for (const action of type.actions) {
    const { kind: actionKind, group = type.group, version = type.version, verbs } = actionKinds[action]
    subresources.push({ subresource: action, responseKind: { group, version, kind: actionKind }, verbs })
  }
  return {
    resource: type.plural,
    responseKind: kind,
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: [...type.verbs],
    ...(type.shortNames.length === 0 ? {} : { shortNames: [...type.shortNames] }),
    ...(type.categories.length === 0 ? {} : { categories: [...type.categories] }),
    ...(subresources.length === 0 ? {} : { subresources }),
  }
}
