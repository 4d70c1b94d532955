import type { Logger } from '@axoneme/log'
import type { VerbContext } from '../apiserver/index.ts'
import { openCluster } from './cluster.ts'
import { startDaemonSetController } from './daemonset.ts'
import { startDeploymentController } from './deployment.ts'
import { startEndpointSliceController } from './endpoint-slice.ts'
import { startGarbageCollector } from './garbage-collector.ts'
import { startNamespaceController } from './namespaces.ts'
import { startPodCollector } from './pod-gc.ts'
import { startReplicaSetController } from './replicaset.ts'
import { startScheduler } from './scheduler.ts'
import { startStatefulSetController } from './statefulset.ts'
import { disposeAll } from './subscriptions.ts'

const controllers = {
  deployment: startDeploymentController,
  replicaset: startReplicaSetController,
  statefulset: startStatefulSetController,
  daemonset: startDaemonSetController,
  scheduler: startScheduler,
  endpointslice: startEndpointSliceController,
  namespace: startNamespaceController,
  'garbage-collector': startGarbageCollector,
  'pod-gc': startPodCollector,
} as const

/**
 * What kube-controller-manager and kube-scheduler do in a cluster, for the embedded API server: workloads to pods, pods
 * to nodes, services to endpoints, and the cleaning up. Works on the store in process; ends with `signal` or when it is
 * disposed.
 */
export function startControllers({
  context,
  log,
  signal,
}: {
  context: VerbContext
  log: Logger
  signal?: AbortSignal
}): AsyncDisposable {
  const cluster = openCluster(context)
  const parent = log.child('controllers')
  const running = disposeAll([
    cluster,
    ...Object.entries(controllers).map(([name, start]) => start(cluster, parent.child(name))),
  ])
  let isRunning = true
  const stop = () => {
    if (isRunning) running[Symbol.dispose]()
    isRunning = false
  }
  signal?.addEventListener('abort', stop, { once: true })
  return {
    async [Symbol.asyncDispose]() {
      signal?.removeEventListener('abort', stop)
      stop()
    },
  }
}
