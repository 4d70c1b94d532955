import { at, isEqual, type JsonObject, stringsAt } from '../apiserver/json.ts'
import { type KubeObject, labelsOf } from '../apiserver/object.ts'
import type { Cluster } from './cluster.ts'
import type { BackendGroup } from './slice-plan.ts'

const managerLabel = 'endpoints.kubernetes.io/managed-by'
const manager = 'endpoint-controller'
/** A v1 Endpoints object holds no more; slices hold the rest. */
const maxAddresses = 1000

/** Writes the older form of a service's endpoints, which `kubectl describe service` of old versions reads. */
export function writeEndpoints(cluster: Cluster, service: KubeObject, groups: readonly BackendGroup[]): void {
  const { namespace = '', name } = service.metadata
  const subsets = groups.map(subsetOf).filter((subset) => subset !== undefined)
  const existing = cluster.endpoints.find(namespace, name)
  if (existing === undefined) {
    const labels = { ...labelsOf(service), [managerLabel]: manager }
    cluster.endpoints.create(namespace, { metadata: { name, labels }, subsets })
    return
  }
  // Somebody else's, as of a service that had no selector, are left alone.
  if (labelsOf(existing)[managerLabel] !== manager || isEqual(existing.subsets ?? [], subsets)) return
  cluster.endpoints.update({ ...existing, subsets })
}

/** Removes the Endpoints that were written for a service which is gone or selects no pods any more. */
export function removeEndpoints(cluster: Cluster, key: string): void {
  const existing = cluster.endpoints.get(key)
  if (existing !== undefined && labelsOf(existing)[managerLabel] === manager)
    cluster.endpoints.delete(existing)
}

function subsetOf({ ports, backends }: BackendGroup): JsonObject | undefined {
  const settled = backends.filter(({ endpoint }) => at(endpoint, 'conditions', 'terminating') !== true)
  const isReady = (endpoint: JsonObject) => at(endpoint, 'conditions', 'ready') === true
  const ready = settled.filter(({ endpoint }) => isReady(endpoint)).map(({ endpoint }) => addressOf(endpoint))
  const notReady = settled
    .filter(({ endpoint }) => !isReady(endpoint))
    .map(({ endpoint }) => addressOf(endpoint))
  if (ready.length + notReady.length === 0) return undefined
  return {
    ...(ready.length === 0 ? {} : { addresses: ready.slice(0, maxAddresses) }),
    ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady.slice(0, maxAddresses) }),
    ports: ports.map((port) => ({ ...port })),
  }
}

function addressOf(endpoint: JsonObject): JsonObject {
  const { targetRef, nodeName } = endpoint
  return { ip: stringsAt(endpoint, 'addresses')[0], nodeName, targetRef }
}
