import type { K8sClient } from '@axoneme/k8s-client'
import { startReflector } from '@axoneme/k8s-watchers'
import type { Scope } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { ciliumNodeDecoder, createInterner, nodeDecoder } from '@axoneme/slim-types'
import { agentPodDecoder } from './agent-pods.ts'
import type { OperatorConfig } from './config.ts'
import { ciliumEndpointDecoder, podPresenceDecoder } from './endpoint-rows.ts'
import type { OperatorTables } from './tables.ts'

/** Which of the leader's tasks are wanted. */
export function tasksOf(config: OperatorConfig) {
  return {
    podCidrs: config.ipamMode === 'cluster-pool',
    nodeHandover: config.synchronizeK8sNodes,
    nodeReadiness:
      config.removeCiliumNodeTaints || config.setCiliumNodeTaints || config.setCiliumIsUpCondition,
    endpointGc: config.ciliumEndpointGcInterval > 0,
  }
}

/** apiserver -> tables: what the wanted tasks need. Gives the tables that are filled. */
export function startReflectors({
  client,
  tables,
  config,
  log,
  scope,
}: {
  client: K8sClient
  tables: OperatorTables
  config: OperatorConfig
  log: Logger
  scope: Scope
}): void {
  const interner = createInterner()
  const common = { client, log, signal: scope.signal }
  const tasks = tasksOf(config)
  if (tasks.nodeHandover || tasks.nodeReadiness) {
    scope.use(startReflector({ ...common, decoder: nodeDecoder(interner), table: tables.nodes }))
  }
  if (tasks.nodeReadiness) {
    const resource = {
      namespace: config.ciliumPodNamespace || config.k8sNamespace,
      labelSelector: config.ciliumPodLabels,
    }
    scope.use(startReflector({ ...common, decoder: agentPodDecoder, table: tables.agentPods, resource }))
  }
  if (tasks.podCidrs || tasks.nodeHandover) {
    scope.use(startReflector({ ...common, decoder: ciliumNodeDecoder(interner), table: tables.ciliumNodes }))
  }
  if (tasks.endpointGc) {
    scope.use(startReflector({ ...common, decoder: podPresenceDecoder(interner), table: tables.pods }))
    scope.use(startReflector({ ...common, decoder: ciliumEndpointDecoder, table: tables.ciliumEndpoints }))
  }
}
