import type { Logger } from '@axoneme/log'
import { at, isEqual, type Json, type JsonObject, stringMapAt, stringsAt, textAt } from '../apiserver/json.ts'
import { isDeleting, type KubeObject, keyOf, labelsOf } from '../apiserver/object.ts'
import { mapSelectorMatcher } from '../apiserver/selectors/labels.ts'
import { type Cluster, Index } from './cluster.ts'
import { removeEndpoints, writeEndpoints } from './endpoints.ts'
import { controllerReference } from './pods.ts'
import { type BackendGroup, groupBackends, planSlices, type SliceContent } from './slice-plan.ts'
import { disposeAll } from './subscriptions.ts'
import { WorkQueue } from './work-queue.ts'

const serviceLabel = 'kubernetes.io/service-name'
const managerLabel = 'endpointslice.kubernetes.io/managed-by'
const manager = 'endpointslice-controller.k8s.io'

/** Keeps the EndpointSlices, and the Endpoints, of Services with a selector equal to the pods that it matches. */
export function startEndpointSliceController(cluster: Cluster, log: Logger): Disposable {
  const servicesByNamespace = new Index(cluster.services, (service) => service.metadata.namespace)
  const slicesByService = new Index(cluster.endpointSlices, (slice) => {
    const service = labelsOf(slice)[serviceLabel]
    return labelsOf(slice)[managerLabel] === manager && service !== undefined
      ? `${slice.metadata.namespace}/${service}`
      : undefined
  })
  const queue = new WorkQueue({
    log,
    random: cluster.context.random,
    reconcile: (key) => reconcile(cluster, slicesByService, key),
  })
  const enqueueFor = (pod: KubeObject) => {
    for (const service of servicesByNamespace.of(pod.metadata.namespace ?? ''))
      if (mapSelectorMatcher(stringMapAt(service, 'spec', 'selector'))(labelsOf(pod)))
        queue.add(keyOf(service))
  }
  for (const service of cluster.services.collection.values()) queue.add(keyOf(service))
  return disposeAll([
    servicesByNamespace,
    slicesByService,
    queue,
    cluster.services.collection.subscribe(({ object }) => queue.add(keyOf(object))),
    cluster.pods.collection.subscribe(({ object, previous }) => {
      if (previous !== undefined && !isEqual(previous.metadata.labels, object.metadata.labels))
        enqueueFor(previous)
      enqueueFor(object)
    }),
    cluster.endpointSlices.collection.subscribe(({ type, object }) => {
      // Somebody else's change of our slice is undone.
      const service = labelsOf(object)[serviceLabel]
      if (type !== 'ADDED' && labelsOf(object)[managerLabel] === manager && service !== undefined)
        queue.add(`${object.metadata.namespace}/${service}`)
    }),
  ])
}

function reconcile(cluster: Cluster, slicesByService: Index, key: string): void {
  const service = cluster.services.get(key)
  const slices = slicesByService.of(key).filter((slice) => !isDeleting(slice))
  const hasSelector =
    service !== undefined && Object.keys(stringMapAt(service, 'spec', 'selector')).length > 0
  if (service === undefined || !hasSelector || textAt(service, 'spec', 'type') === 'ExternalName') {
    // Without a selector the slices are somebody else's; ours go when the service does.
    for (const slice of slices) cluster.endpointSlices.delete(slice)
    removeEndpoints(cluster, key)
    return
  }
  if (isDeleting(service)) return
  const matches = mapSelectorMatcher(stringMapAt(service, 'spec', 'selector'))
  const pods = cluster.podsByNamespace
    .of(service.metadata.namespace ?? '')
    .filter((pod) => matches(labelsOf(pod)))
  const zoneOf = (nodeName: string) => {
    const node = cluster.nodes.get(nodeName)
    return node === undefined ? undefined : labelsOf(node)['topology.kubernetes.io/zone']
  }
  const families = stringsAt(service, 'spec', 'ipFamilies')
  for (const family of families.length === 0 ? ['IPv4'] : families) {
    const groups = groupBackends(service, { pods, family, zoneOf })
    const existing = slices.filter((slice) => slice.addressType === family)
    applyFamily(cluster, service, { family, groups, existing })
    if (family === (families[0] ?? 'IPv4')) writeEndpoints(cluster, service, groups)
  }
  for (const slice of slices)
    if (!families.includes(textAt(slice, 'addressType'))) cluster.endpointSlices.delete(slice)
}

function applyFamily(
  cluster: Cluster,
  service: KubeObject,
  {
    family,
    groups,
    existing,
  }: { family: string; groups: readonly BackendGroup[]; existing: readonly KubeObject[] },
): void {
  const plan = planSlices(groups, existing)
  const metadata = sliceMetadata(service)
  for (const slice of plan.unneeded) cluster.endpointSlices.delete(slice)
  for (const { slice, content } of plan.kept) {
    const next = { ...slice, ...contentOf(content), metadata: { ...slice.metadata, labels: metadata.labels } }
    if (!isEqual(next, slice)) cluster.endpointSlices.update(next)
  }
  for (const content of plan.added)
    cluster.endpointSlices.create(service.metadata.namespace ?? '', {
      metadata: {
        generateName: `${service.metadata.name}-`,
        labels: metadata.labels,
        ownerReferences: [controllerReference(service)],
      },
      addressType: family,
      ...contentOf(content),
    })
}

function contentOf({ ports, endpoints }: SliceContent): { ports: Json[]; endpoints: JsonObject[] } {
  return { ports: [...ports], endpoints: endpoints.map(({ endpoint }) => endpoint) }
}

function sliceMetadata(service: KubeObject): { labels: Record<string, string> } {
  const isHeadless = at(service, 'spec', 'clusterIP') === 'None'
  return {
    labels: {
      ...labelsOf(service),
      [managerLabel]: manager,
      [serviceLabel]: service.metadata.name,
      ...(isHeadless ? { 'service.kubernetes.io/headless': '' } : {}),
    },
  }
}
