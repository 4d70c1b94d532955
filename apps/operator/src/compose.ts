import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { startMetricsServer } from '@axoneme/app-host'
import { retry } from '@axoneme/backoff'
import { openK8sClient } from '@axoneme/k8s-client'
import { createLeaderLease, customResourcesServed } from '@axoneme/k8s-writers'
import { etcdOptions, type Kvstore, openEtcdKvstore } from '@axoneme/kvstore'
import { startStoredNodeWatcher } from '@axoneme/kvstore-sync'
import { Scope } from '@axoneme/lifecycle'
import { type Logger, observeLog } from '@axoneme/log'
import { checkOptions, type OperatorConfig } from './config.ts'
import { healthRoutes, type OperatorState } from './health.ts'
import { leaderElectionPeriod, operatorIntervals } from './intervals.ts'
import { deriveKnownNodes } from './known-nodes.ts'
import { leadCluster } from './lead.ts'
import { runElection } from './leadership/election.ts'
import { mayPass } from './may-pass.ts'
import { createOperatorMetrics } from './metrics.ts'
import { startReflectors, tasksOf } from './reflectors.ts'
import { createTables } from './tables.ts'

/** Cilium's, so that of the two only one leads where one replaces the other. */
const leaseName = 'cilium-operator-resource-lock'

/**
 * Runs the operator until `signal` aborts. Any number of processes per cluster: one leads, the others hold their tables
 * ready and write nothing.
 */
export async function runOperator(
  config: OperatorConfig,
  { log: processLog, signal: stop }: { log: Logger; signal: AbortSignal },
): Promise<void> {
  checkOptions(config)
  await using scope = new Scope('operator', { signal: stop })
  const metrics = createOperatorMetrics({ leaseName })
  const log = observeLog(processLog, { observe: metrics.log })
  const tables = createTables()
  const identity = `${hostname()}-${randomBytes(5).toString('hex')}`
  const state: OperatorState = {
    election: { leading: false, holder: '', error: undefined },
    customResources: false,
    kvstoreConnected: false,
    kvstoreEndpoints: [],
  }
  if (config.metricsAddress !== '') {
    const routes = healthRoutes(state, { tables, config })
    scope.use(await startMetricsServer(config.metricsAddress, metrics.registry, routes))
  }
  const client = scope.use(
    await openK8sClient({
      ...(config.kubeconfig === '' ? {} : { kubeconfigPath: config.kubeconfig }),
      userAgent: 'axoneme-operator/0.1.0',
      observe: metrics.k8s,
    }),
  )

  const store = Promise.withResolvers<Kvstore>()
  scope.run(async (signal) => {
    const opened = await openEtcdKvstore({
      ...etcdOptions(config),
      log: log.child('kvstore'),
      observe: metrics.kvstore,
      observeWatch: metrics.kvstoreWatch,
      onQuorumError: metrics.kvstoreQuorumError,
      onStatus: ({ connected }) => {
        state.kvstoreConnected = connected
      },
      onEndpoints(endpoints) {
        state.kvstoreEndpoints = endpoints
      },
      signal,
    })
    scope.use(opened)
    state.kvstoreConnected = opened.status().connected
    store.resolve(opened)
    if (!tasksOf(config).nodeHandover) return
    const common = { store: opened, cluster: config.clusterName, log: log.child('kvstore-sync'), signal }
    scope.use(startStoredNodeWatcher({ ...common, table: tables.storedNodes }))
  })
  scope.run(async (signal) => {
    const served = () => customResourcesServed({ client, signal })
    await retry(served, { ...operatorIntervals.customResources.retry, signal, shouldRetry: mayPass })
    state.customResources = true
    startReflectors({ client, tables, config, observe: metrics.reflector, log: log.child('k8s'), scope })
    const { nodes, ciliumNodes, knownNodes: known } = tables
    if (tasksOf(config).nodeHandover) {
      await deriveKnownNodes({ nodes, ciliumNodes, known, options: config, signal })
    }
  })
  scope.run((signal) =>
    runElection({
      lease: createLeaderLease({ client, namespace: config.k8sNamespace, name: leaseName }),
      identity,
      timing: {
        leaseDurationMs: config.leaderElectionLeaseDuration,
        renewDeadlineMs: config.leaderElectionRenewDeadline,
      },
      retry: leaderElectionPeriod(config),
      lead: (term) =>
        leadCluster({ client, store: store.promise, tables, config, identity, metrics, log }, term),
      log: log.child('leader-election'),
      signal,
      onChange: (election) => {
        if (election.leading !== state.election.leading) metrics.leading(election.leading)
        state.election = election
      },
    }),
  )
  await scope.untilAborted()
}
