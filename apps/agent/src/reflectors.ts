import type { K8sClient } from '@axoneme/k8s-client'
import { type ReflectorEvent, startReflector } from '@axoneme/k8s-watchers'
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
import type { AgentTables } from './tables.ts'

/** apiserver -> tables. Of pods and nodes only those of this node: the kvstore tells of the others. */
export function startReflectors({
  client,
  tables,
  nodeName,
  watchCiliumNode,
  observe,
  log,
  scope,
}: {
  client: K8sClient
  tables: AgentTables
  nodeName: string
  watchCiliumNode: boolean
  observe: (event: ReflectorEvent) => void
  log: Logger
  scope: Scope
}): void {
  const interner = createInterner()
  const common = { client, log, observe, signal: scope.signal }
  const onNode = { fieldSelector: `spec.nodeName=${nodeName}` }
  const named = { fieldSelector: `metadata.name=${nodeName}` }
  scope.use(
    startReflector({ ...common, decoder: podDecoder(interner), table: tables.pods, resource: onNode }),
  )
  scope.use(
    startReflector({
      ...common,
      decoder: nodeDecoder(interner),
      table: tables.kubernetesNodes,
      resource: named,
    }),
  )
  scope.use(startReflector({ ...common, decoder: namespaceDecoder(interner), table: tables.namespaces }))
  scope.use(startReflector({ ...common, decoder: serviceDecoder(interner), table: tables.services }))
  scope.use(
    startReflector({ ...common, decoder: endpointSliceDecoder(interner), table: tables.endpointSlices }),
  )
  scope.use(
    startReflector({ ...common, decoder: networkPolicyDecoder(interner), table: tables.networkPolicies }),
  )
  if (watchCiliumNode) {
    scope.use(
      startReflector({
        ...common,
        decoder: ciliumNodeDecoder(interner),
        table: tables.ciliumNodes,
        resource: named,
      }),
    )
  }
}
