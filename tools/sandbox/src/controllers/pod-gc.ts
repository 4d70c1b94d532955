import type { Logger } from '@axoneme/log'
import { textAt } from '../apiserver/json.ts'
import { type KubeObject, keyOf } from '../apiserver/object.ts'
import { type Cluster, Index } from './cluster.ts'
import { disposeAll } from './subscriptions.ts'
import { WorkQueue } from './work-queue.ts'

/** Removes the pods of nodes that were deleted: no kubelet is left to confirm their end. */
export function startPodCollector(cluster: Cluster, log: Logger): Disposable {
  const podsByNode = new Index(cluster.pods, (pod) => textAt(pod, 'spec', 'nodeName') || undefined)
  const queue = new WorkQueue({
    log,
    random: cluster.context.random,
    reconcile(nodeName) {
      if (cluster.nodes.get(nodeName) !== undefined) return
      for (const pod of podsByNode.of(nodeName)) cluster.pods.delete(pod, { gracePeriodSeconds: 0 })
    },
  })
  return disposeAll([
    podsByNode,
    queue,
    cluster.nodes.collection.subscribe(({ type, object }: { type: string; object: KubeObject }) => {
      if (type === 'DELETED') queue.add(keyOf(object))
    }),
  ])
}
