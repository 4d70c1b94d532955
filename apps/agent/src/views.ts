import { release } from 'node:os'
import type { AgentHandlers, AgentStatus, ApiLimiter } from '@axoneme/agent-api'
import { describeIntervals } from '@axoneme/backoff'
import type { FeatureReport } from '@axoneme/bpf'
import type { Datapath, DatapathObjects, LocalNode } from '@axoneme/datapath'
import type { Reflector } from '@axoneme/k8s-watchers'
import type { KvEndpoint, Kvstore } from '@axoneme/kvstore'
import type { SharedStore } from '@axoneme/kvstore-sync'
import { describeError } from '@axoneme/lifecycle'
import type { Monitor } from '@axoneme/monitor'
import { l4ProtocolNumber } from '@axoneme/net-types'
import { explainVerdict } from '@axoneme/policy'
import type { Reconciler, ReconcileStatus } from '@axoneme/reconciler'
import type { AgentConfig } from './config.ts'
import { datapathCounts } from './datapath-counts.ts'
import { MonitorNotReadyError } from './errors.ts'
import { agentIntervals } from './intervals.ts'
import { kernelStatus } from './kernel-features.ts'
import { endpointStatuses, kvstoreComponent } from './kvstore-status.ts'
import type { AgentMetrics } from './metrics.ts'
import { streamMonitor } from './monitor-records.ts'
import { readOperatorIntervals } from './operator-intervals.ts'
import type { Progress } from './progress.ts'
import { failuresOf } from './reflectors.ts'
import type { AgentTables } from './tables.ts'
import { templateViews } from './template-views.ts'

/** What the API tells of. Parts that the start has not reached yet are absent and shown as empty. */
export type Visible = {
  readonly tables: AgentTables
  readonly limiter?: Pick<ApiLimiter, 'states'>
  features?: FeatureReport
  attachments?: AgentStatus['attachments']
  reflectors?: readonly Reflector[]
  store?: Kvstore
  kvstoreEndpoints?: readonly KvEndpoint[]
  objects?: DatapathObjects
  node?: LocalNode
  ownIps?: Pick<SharedStore, 'status'>
  ciliumNode?: Pick<Reconciler<unknown>, 'status'>
  ciliumEndpoints?: Pick<Reconciler<unknown>, 'status'>
  datapath?: Datapath
  monitor?: Monitor
}

export function createViews({
  visible,
  config,
  metrics,
  progress,
  startedAt,
}: {
  visible: Visible
  config: AgentConfig
  metrics: AgentMetrics
  progress: Progress
  startedAt: Date
}): Omit<AgentHandlers, 'cni'> {
  const { tables } = visible
  return {
    health: () => progress.health(),
    status: (): AgentStatus => ({
      ...progress.health(),
      steps: progress.steps(),
      version: '0.1.0',
      cluster: config.clusterName,
      node: config.nodeName,
      routing: config.routingMode === 'tunnel' ? 'vxlan' : 'native',
      podCidrs: visible.node === undefined ? [] : [visible.node.podCidr],
      startedAt: startedAt.toISOString(),
      kernel: kernelStatus(visible.features ?? { kernelRelease: release(), features: [] }),
      attachments: visible.attachments ?? [],
      components: components(visible),
      kvstoreEndpoints: endpointStatuses(config.kvstoreEndpoints, visible.kvstoreEndpoints),
      counts: Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, table.size])),
    }),
    intervals: () => describeIntervals(agentIntervals, { nodeCount: tables.nodes.size }),
    operatorIntervals: (signal) => readOperatorIntervals(visible.store, { signal }),
    endpoints: () => tables.endpoints.rows(),
    identities: () => tables.identities.rows(),
    policies: () => tables.policies.rows(),
    explain: ({ endpointId, direction, peer, protocol, port }) => {
      const row = tables.policies.get(String(endpointId))
      if (row === undefined) return undefined
      return explainVerdict({
        row,
        identities: tables.identities,
        direction,
        peer,
        protocol: l4ProtocolNumber(protocol),
        port,
      })
    },
    services: () => tables.frontends.rows(),
    nodes: () => tables.nodes.rows(),
    ipcache: () => tables.ipcache.rows(),
    ...templateViews(visible),
    datapathMetrics: () => datapathCounts(visible),
    metrics: () => metrics.registry.metrics(),
    monitor(listener) {
      if (visible.monitor === undefined) throw new MonitorNotReadyError()
      return streamMonitor(visible.monitor, tables, listener)
    },
  }
}

function components({
  reflectors,
  store,
  kvstoreEndpoints,
  datapath,
  tables,
  ...writers
}: Visible): AgentStatus['components'] {
  const policyErrors = [...tables.policyErrors.rows()].map(
    ({ namespace, name, field, message }) => `${namespace}/${name} ${field}: ${message}`,
  )
  return [
    reflectors === undefined
      ? { name: 'apiserver', state: 'down', message: 'not asked yet' }
      : component('apiserver', failuresOf(reflectors)),
    kvstoreComponent(store?.status(), kvstoreEndpoints),
    component('policies', policyErrors),
    ...(['endpoints', 'ipcache', 'services', 'nodes'] as const).map((name) =>
      component(name, datapath === undefined ? [] : failures(datapath[name].status.rows())),
    ),
    component('cilium-node', failures(writers.ciliumNode?.status.rows() ?? [])),
    component('cilium-endpoints', failures(writers.ciliumEndpoints?.status.rows() ?? [])),
  ]
}

function component(name: string, problems: readonly string[]): AgentStatus['components'][number] {
  const more = problems.length > 3 ? `; and ${problems.length - 3} more` : ''
  return {
    name,
    state: problems.length === 0 ? 'ok' : 'degraded',
    message: problems.slice(0, 3).join('; ') + more,
  }
}

function failures(rows: Iterable<ReconcileStatus<unknown>>): string[] {
  return Array.from(rows).flatMap(({ key, state, error }) =>
    state === 'error' ? [`${key}: ${describeError(error)}`] : [],
  )
}
