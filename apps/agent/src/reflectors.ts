import { clusterSizeInterval } from '@axoneme/backoff'
import type { K8sClient } from '@axoneme/k8s-client'
import {
  type Reflector,
  type ReflectorEvent,
  type ReflectorSettings,
  startReflector,
} from '@axoneme/k8s-watchers'
import type { Scope } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import {
  ciliumNodeDecoder,
  createInterner,
  endpointSliceDecoder,
  namespaceDecoder,
  networkPolicyDecoder,
  nodeDecoder,
  podDecoder,
  serviceDecoder,
} from '@axoneme/slim-types'
import { agentIntervals } from './intervals.ts'
import type { AgentTables } from './tables.ts'

/** apiserver -> tables. Of pods and nodes only those of this node: the kvstore tells of the others. One per table. */
export function startReflectors({
  client,
  tables,
  nodeName,
  observe,
  log,
  scope,
  settings = {},
}: {
  client: K8sClient
  tables: AgentTables
  nodeName: string
  observe: (event: ReflectorEvent) => void
  log: Logger
  scope: Scope
  /** Instead of the agent's own. */
  settings?: ReflectorSettings
}): readonly Reflector[] {
  const interner = createInterner()
  const nodeCount = () => tables.nodes.size
  const { baseMs } = agentIntervals.apiserverWatchEnd.period
  const minWatchSeconds = () => clusterSizeInterval(baseMs, nodeCount()) / 1000
  const own = { selfCheck: { nodeCount }, minWatchSeconds }
  const common = { client, log, observe, signal: scope.signal, ...own, ...settings }
  const onNode = { fieldSelector: `spec.nodeName=${nodeName}` }
  const named = { fieldSelector: `metadata.name=${nodeName}` }
  const reflectors = [
    startReflector({ ...common, decoder: podDecoder(interner), table: tables.pods, resource: onNode }),
    startReflector({
      ...common,
      decoder: nodeDecoder(interner),
      table: tables.kubernetesNodes,
      resource: named,
    }),
    startReflector({
      ...common,
      decoder: ciliumNodeDecoder(interner),
      table: tables.ciliumNodes,
      resource: named,
    }),
    startReflector({ ...common, decoder: namespaceDecoder(interner), table: tables.namespaces }),
    startReflector({ ...common, decoder: serviceDecoder(interner), table: tables.services }),
    startReflector({ ...common, decoder: endpointSliceDecoder(interner), table: tables.endpointSlices }),
    startReflector({ ...common, decoder: networkPolicyDecoder(interner), table: tables.networkPolicies }),
  ]
  for (const reflector of reflectors) scope.use(reflector)
  return reflectors
}

/** What keeps reflectors from telling what is there, for people; one line each. */
export function failuresOf(reflectors: readonly Reflector[] = []): string[] {
  return reflectors.flatMap((reflector) => {
    const { resource, error } = reflector.status()
    return error === undefined ? [] : [`${resource}: ${error}`]
  })
}
