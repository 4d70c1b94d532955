import type { K8sClient } from '@axoneme/k8s-client'
import {
  type Reflector,
  type ReflectorEvent,
  type ReflectorSettings,
  startReflector,
} from '@axoneme/k8s-watchers'
import type { Scope } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { ciliumEndpointDecoder, ciliumNodeDecoder, createInterner, nodeDecoder } from '@axoneme/slim-types'
import { agentPodDecoder } from './agent-pods.ts'
import type { OperatorConfig } from './config.ts'
import { podPresenceDecoder } from './endpoint-rows.ts'
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

/** apiserver -> tables: what the wanted tasks need. One per table that is filled. */
export function startReflectors({
  client,
  tables,
  config,
  observe,
  log,
  scope,
  settings = {},
}: {
  client: K8sClient
  tables: OperatorTables
  config: OperatorConfig
  observe?: (event: ReflectorEvent) => void
  log: Logger
  scope: Scope
  /** Instead of the operator's own. */
  settings?: ReflectorSettings
}): readonly Reflector[] {
  const interner = createInterner()
  // Nobody but the leader and its followers does this: it need not grow rarer with the cluster.
  const observed = observe === undefined ? {} : { observe }
  const common = { client, log, signal: scope.signal, ...observed, ...settings }
  const tasks = tasksOf(config)
  const reflectors: Reflector[] = []
  if (tasks.nodeHandover || tasks.nodeReadiness) {
    reflectors.push(startReflector({ ...common, decoder: nodeDecoder(interner), table: tables.nodes }))
  }
  if (tasks.nodeReadiness) {
    const resource = {
      namespace: config.ciliumPodNamespace || config.k8sNamespace,
      labelSelector: config.ciliumPodLabels,
    }
    reflectors.push(
      startReflector({ ...common, decoder: agentPodDecoder, table: tables.agentPods, resource }),
    )
  }
  if (tasks.podCidrs || tasks.nodeHandover) {
    reflectors.push(
      startReflector({ ...common, decoder: ciliumNodeDecoder(interner), table: tables.ciliumNodes }),
    )
  }
  if (tasks.endpointGc) {
    reflectors.push(
      startReflector({ ...common, decoder: podPresenceDecoder(interner), table: tables.pods }),
      startReflector({
        ...common,
        decoder: ciliumEndpointDecoder(interner),
        table: tables.ciliumEndpoints,
      }),
    )
  }
  for (const reflector of reflectors) scope.use(reflector)
  return reflectors
}
