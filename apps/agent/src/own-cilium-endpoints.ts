import { isDeepStrictEqual } from 'node:util'
import { createPace } from '@axoneme/backoff'
import type { K8sClient } from '@axoneme/k8s-client'
import {
  type CiliumEndpointContent,
  ciliumEndpointContent,
  ciliumEndpointKey,
  ciliumEndpointTarget,
  type EndpointRecords,
} from '@axoneme/k8s-writers'
import type { Logger } from '@axoneme/log'
import { type ReconcileRun, type Reconciler, startReconciler } from '@axoneme/reconciler'
import { createTable, follow } from '@axoneme/tables'
import { agentIntervals } from './intervals.ts'
import type { AgentTables } from './tables.ts'

/**
 * [endpoints] x [pods] -> [cilium-endpoints] -> apiserver. A pod's object is written once its endpoint is complete, and
 * afterwards when what it says changed.
 */
export function keepCiliumEndpoints({
  client,
  tables,
  nodeIp,
  records,
  log,
  signal,
  observe,
}: {
  client: K8sClient
  tables: Pick<AgentTables, 'endpoints' | 'pods' | 'nodes'>
  nodeIp: string
  records: EndpointRecords
  log: Logger
  signal: AbortSignal
  observe?: (run: ReconcileRun) => void
}): { running: Promise<void>; reconciler: Reconciler<CiliumEndpointContent> } {
  const { endpoints, pods } = tables
  const nodeCount = () => tables.nodes.size
  const wanted = createTable<CiliumEndpointContent>({
    name: 'cilium-endpoints',
    key: ciliumEndpointKey,
    equals: isDeepStrictEqual,
  })
  const contentOf = (key: string): CiliumEndpointContent | undefined => {
    const pod = pods.get(key)
    if (pod === undefined) return undefined
    // While a pod's sandbox is replaced there are two: the later one holds.
    const contents = endpoints
      .byIndex('pod', key)
      .flatMap((row) => ciliumEndpointContent(row, { pod, nodeIp }) ?? [])
    return contents.at(-1)
  }
  const running = follow({
    sources: { endpoints, pods },
    apply: (changes) => {
      const keys = new Set(changes.pods.map(({ key }) => key))
      for (const { row } of changes.endpoints) keys.add(`${row.namespace}/${row.podName}`)
      for (const key of keys) {
        const content = contentOf(key)
        if (content === undefined) wanted.delete(key)
        else wanted.upsert(content)
      }
      wanted.markInitialized()
    },
    signal,
  })
  const { ciliumEndpointWrite, ciliumEndpointRetry, ciliumEndpointCheck } = agentIntervals
  const pace = createPace(ciliumEndpointWrite.period, { nodeCount })
  const reconciler = startReconciler<CiliumEndpointContent>({
    name: 'cilium endpoints',
    table: wanted,
    log,
    signal,
    observe,
    retry: ciliumEndpointRetry.retry,
    prune: ciliumEndpointCheck.period,
    nodeCount,
    target: ciliumEndpointTarget({ client, table: wanted, records, pace }),
  })
  return { running, reconciler }
}
