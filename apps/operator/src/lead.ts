import { retry } from '@axoneme/backoff'
import type { K8sClient } from '@axoneme/k8s-client'
import { createCiliumNodeTable, startReflector } from '@axoneme/k8s-watchers'
import { registerCustomResourceDefinitions } from '@axoneme/k8s-writers'
import type { Kvstore } from '@axoneme/kvstore'
import { runIdentityGc, startNodeHandover } from '@axoneme/kvstore-sync'
import { abortable, describeError, Scope } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { ciliumNodeDecoder, createInterner } from '@axoneme/slim-types'
import type { OperatorConfig } from './config.ts'
import { runEndpointGc } from './endpoint-gc.ts'
import { runHeartbeat } from './heartbeat.ts'
import { endpointGcPeriod, identityGcPeriod, operatorIntervals } from './intervals.ts'
import { mayPass } from './may-pass.ts'
import type { OperatorMetrics } from './metrics.ts'
import { keepNodeReadiness } from './node-readiness.ts'
import { assignPodCidrs, recordedCidrs } from './pod-cidrs.ts'
import { runIntervalPublication } from './publish-intervals.ts'
import { tasksOf } from './reflectors.ts'
import type { OperatorTables } from './tables.ts'

export type LeaderParts = Readonly<{
  client: K8sClient
  /** There as soon as it can be reached. */
  store: Promise<Kvstore>
  tables: OperatorTables
  config: OperatorConfig
  /** This process, as the lease calls its holder. */
  identity: string
  metrics: OperatorMetrics
  log: Logger
}>

/**
 * Everything that one process of the cluster writes, until `signal` aborts: then all of it has stopped. Tasks are
 * independent of each other: without the apiserver identities are collected, without the kvstore nodes get prefixes.
 */
export async function leadCluster(parts: LeaderParts, signal: AbortSignal): Promise<void> {
  await using term = new Scope('leader', { signal })
  const { tables, config } = parts
  const tasks = tasksOf(config)
  term.run((signal) => registerCustomResources(parts, signal))
  if (tasks.podCidrs) term.run((signal) => leadPodCidrs(parts, { term, signal }))
  if (tasks.nodeHandover) term.run((signal) => leadNodeHandover(parts, { term, signal }))
  if (tasks.nodeReadiness) {
    term.run(async (signal) => {
      const { client, log, metrics } = parts
      const { running, reconciler } = keepNodeReadiness({
        nodes: tables.nodes,
        agentPods: tables.agentPods,
        client,
        options: config,
        log: log.child('node-readiness'),
        signal,
        observe: metrics.reconciler,
      })
      term.use(reconciler)
      await running
    })
  }
  if (tasks.endpointGc) {
    term.run((signal) =>
      runEndpointGc({
        client: parts.client,
        endpoints: tables.ciliumEndpoints,
        pods: tables.pods,
        period: endpointGcPeriod(config),
        log: parts.log.child('endpoint-gc'),
        signal,
        onRemoval: parts.metrics.endpointGc,
      }),
    )
  }
  term.run((signal) => leadKvstore(parts, signal))
  await term.untilAborted()
}

async function registerCustomResources({ client, log }: LeaderParts, signal: AbortSignal): Promise<void> {
  await retry(() => registerCustomResourceDefinitions({ client, signal }), {
    ...operatorIntervals.customResources.retry,
    signal,
    shouldRetry: mayPass,
    onRetry: (error) =>
      log.warn('custom resources not registered, retrying', { error: describeError(error) }),
  })
  log.info('custom resources registered')
}

async function leadPodCidrs(
  { client, tables, config, metrics, log }: LeaderParts,
  { term, signal }: { term: Scope; signal: AbortSignal },
): Promise<void> {
  await tables.ciliumNodes.whenInitialized(signal)
  const { running, reconciler } = assignPodCidrs({
    ciliumNodes: tables.ciliumNodes,
    given: await givenPodCidrs(client, { log, signal }),
    client,
    config,
    log: log.child('pod-cidrs'),
    signal,
    observe: metrics.reconciler,
  })
  term.use(reconciler)
  await running
}

/** What nodes have on record at the apiserver now. */
async function givenPodCidrs(
  client: K8sClient,
  { log, signal }: { log: Logger; signal: AbortSignal },
): Promise<Map<string, string>> {
  const table = createCiliumNodeTable()
  const decoder = ciliumNodeDecoder(createInterner())
  await using _ = startReflector({ client, decoder, table, log: log.child('k8s'), signal })
  await table.whenInitialized(signal)
  return recordedCidrs(table.rows())
}

async function leadNodeHandover(
  { store, tables, config, metrics, log }: LeaderParts,
  { term, signal }: { term: Scope; signal: AbortSignal },
): Promise<void> {
  const { running, reconciler } = startNodeHandover({
    store: await abortable(store, signal),
    cluster: config.clusterName,
    known: tables.knownNodes,
    stored: tables.storedNodes,
    log: log.child('node-handover'),
    signal,
    onWrite: metrics.nodeEntry,
    observe: metrics.reconciler,
  })
  term.use(reconciler)
  await running
}

async function leadKvstore(parts: LeaderParts, signal: AbortSignal): Promise<void> {
  const { config, metrics, identity, log } = parts
  const store = await abortable(parts.store, signal)
  const collecting = runIdentityGc({
    store,
    log: log.child('identity-gc'),
    signal,
    period: identityGcPeriod(config),
    removalsPerSecond: (config.identityGcRateLimit * 1000) / config.identityGcRateInterval,
    onRun: metrics.identityGc,
  })
  await Promise.all([
    collecting,
    runHeartbeat({ store, log: log.child('heartbeat'), signal }),
    runIntervalPublication({ store, options: config, by: identity, log: log.child('intervals'), signal }),
  ])
}
