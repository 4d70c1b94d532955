import type { Logger } from '@axoneme/log'
import { stringsAt } from '../apiserver/json.ts'
import { isDeleting, storageKey } from '../apiserver/object.ts'
import { finalizeNamespace } from '../apiserver/verbs/actions.ts'
import { type Cluster, Resource } from './cluster.ts'
import { disposeAll } from './subscriptions.ts'
import { WorkQueue } from './work-queue.ts'

/** Empties namespaces whose deletion was asked for, then lets them go; gives the others their `default` account. */
export function startNamespaceController(cluster: Cluster, log: Logger): Disposable {
  const queue = new WorkQueue({
    log,
    random: cluster.context.random,
    reconcile: (name) => reconcile(cluster, name),
  })
  for (const namespace of cluster.namespaces.collection.values()) queue.add(namespace.metadata.name)
  return disposeAll([
    queue,
    cluster.namespaces.collection.subscribe(({ object }) => queue.add(object.metadata.name)),
    cluster.context.store.subscribe(({ type, object }) => {
      const { namespace } = object.metadata
      if (type !== 'DELETED' || namespace === undefined) return
      const home = cluster.namespaces.get(storageKey('', namespace))
      if (home !== undefined && (isDeleting(home) || object.kind === 'ServiceAccount')) queue.add(namespace)
    }),
  ])
}

function reconcile(cluster: Cluster, name: string): void {
  const namespace = cluster.namespaces.get(name)
  if (namespace === undefined) return
  if (!isDeleting(namespace)) {
    if (cluster.serviceAccounts.find(name, 'default') === undefined)
      cluster.serviceAccounts.create(name, { metadata: { name: 'default' } })
    return
  }
  let left = 0
  for (const type of cluster.context.registry.storedTypes().filter(({ namespaced }) => namespaced)) {
    const resource = new Resource(cluster.context, type)
    for (const object of resource.collection.sorted()) {
      if (object.metadata.namespace !== name) continue
      if (!isDeleting(object)) resource.delete(object, { propagationPolicy: 'Background' })
      if (resource.find(name, object.metadata.name) !== undefined) left++
    }
  }
  if (left > 0) return
  const finalizers = stringsAt(namespace, 'spec', 'finalizers').filter(
    (finalizer) => finalizer !== 'kubernetes',
  )
  finalizeNamespace(cluster.context, cluster.namespaces.type, {
    namespace: '',
    name,
    body: { spec: { finalizers } },
  })
}
