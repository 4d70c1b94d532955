import type { JsonObject } from '../json.ts'
import type { Registry } from '../resources/registry.ts'
import { type ActionSubresource, groupVersion, type ResourceType } from '../resources/types.ts'

/** `/api`: the versions of the core group. */
export function coreVersions(): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [],
  }
}

/** `/apis`: every other group. */
export function groupList(registry: Registry): JsonObject {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groupNames(registry).map((name) => group(registry, name)),
  }
}

/** `/apis/GROUP`; undefined when nothing of the group is served. */
export function groupOf(registry: Registry, name: string): JsonObject | undefined {
  return groupNames(registry).includes(name)
    ? { kind: 'APIGroup', apiVersion: 'v1', ...group(registry, name) }
    : undefined
}

/** `/api/v1`, `/apis/GROUP/VERSION`; undefined when nothing of it is served. */
export function resourceList(registry: Registry, groupName: string, version: string): JsonObject | undefined {
  const types = registry.all().filter((type) => type.group === groupName && type.version === version)
  const [first] = types
  if (first === undefined) return undefined
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion(first),
    resources: types.flatMap(resourceEntries),
  }
}

/** The kinds that actions take, where they are not the resource's own. */
export const actionKinds: Readonly<
  Record<ActionSubresource, { kind: string; group?: string; version?: string; verbs: string[] }>
> = {
  binding: { kind: 'Binding', verbs: ['create'] },
  eviction: { kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
  finalize: { kind: 'Namespace', verbs: ['update'] },
  log: { kind: 'Pod', verbs: ['get'] },
  exec: { kind: 'PodExecOptions', verbs: ['create', 'get'] },
  attach: { kind: 'PodAttachOptions', verbs: ['create', 'get'] },
  portforward: { kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
  proxy: { kind: 'PodProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
  token: { kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1', verbs: ['create'] },
}

function resourceEntries(type: ResourceType): JsonObject[] {
  const { plural, namespaced, kind } = type
  const main: JsonObject = {
    name: plural,
    singularName: type.singular,
    namespaced,
    kind,
    verbs: [...type.verbs],
    ...(type.shortNames.length === 0 ? {} : { shortNames: [...type.shortNames] }),
    ...(type.categories.length === 0 ? {} : { categories: [...type.categories] }),
  }
  const sub = (name: string, entry: JsonObject): JsonObject => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    ...entry,
  })
  const entries = [main]
  if (type.hasStatus) entries.push(sub('status', { kind, verbs: ['get', 'patch', 'update'] }))
  if (type.scale !== undefined)
    entries.push(
      sub('scale', { group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get', 'patch', 'update'] }),
    )
  for (const action of type.actions) entries.push(sub(action, { ...actionKinds[action] }))
  return entries
}

export function groupNames(registry: Registry): string[] {
  return [...new Set(registry.all().map((type) => type.group))].filter((name) => name !== '')
}

/** The versions of a group, the preferred one first: stable ones before betas, newer before older. */
export function versionsOf(registry: Registry, groupName: string): string[] {
  const versions = new Set(
    registry
      .all()
      .filter((type) => type.group === groupName)
      .map((type) => type.version),
  )
  return [...versions].sort((a, b) => versionRank(b) - versionRank(a) || (a < b ? -1 : 1))
}

function versionRank(version: string): number {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version)
  if (match === null) return -1
  const [, major = '0', stage, minor = '0'] = match
  return (stage === undefined ? 2e6 : stage === 'beta' ? 1e6 : 0) + Number(major) * 1000 + Number(minor)
}

function group(registry: Registry, name: string): JsonObject {
  const versions = versionsOf(registry, name).map((version) => ({
    groupVersion: `${name}/${version}`,
    version,
  }))
  return { name, versions, ...(versions[0] === undefined ? {} : { preferredVersion: versions[0] }) }
}
