import { startMetricsServer } from '@axoneme/app-host'
import { retry } from '@axoneme/backoff'
import { openK8sClient } from '@axoneme/k8s-client'
import { createCiliumNodeTable, startReflector } from '@axoneme/k8s-watchers'
import { registerCustomResourceDefinitions } from '@axoneme/k8s-writers'
import { openEtcdKvstore } from '@axoneme/kvstore'
import { runIdentityGc } from '@axoneme/kvstore-sync'
import { describeError, Scope } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { ciliumNodeDecoder, createInterner } from '@axoneme/slim-types'
import type { OperatorConfig } from './config.ts'
import { runHeartbeat } from './heartbeat.ts'
import { createOperatorMetrics } from './metrics.ts'
import { assignPodCidrs } from './pod-cidrs.ts'

/** Runs the operator until `signal` aborts. One process per cluster. */
export async function runOperator(
  config: OperatorConfig,
  { log, signal: stop }: { log: Logger; signal: AbortSignal },
): Promise<void> {
  await using scope = new Scope('operator', { signal: stop })
  const metrics = createOperatorMetrics()
  if (config.metricsAddress !== '')
    scope.use(await startMetricsServer(config.metricsAddress, metrics.registry))
  const client = scope.use(
    await openK8sClient({
      ...(config.kubeconfig === '' ? {} : { kubeconfigPath: config.kubeconfig }),
      userAgent: 'axoneme-operator/0.1.0',
      observe: metrics.k8s,
    }),
  )

  // Independent of each other: without the apiserver identities are collected, without the kvstore nodes get prefixes.
  scope.run(async (signal) => {
    const store = scope.use(
      await openEtcdKvstore({
        endpoints: config.kvstoreEndpoints,
        log: log.child('kvstore'),
        observe: metrics.kvstore,
        signal,
      }),
    )
    const gc = runIdentityGc({
      store,
      log: log.child('identity-gc'),
      signal,
      period: { baseMs: config.identityGcInterval, jitter: 0.2 },
      removalsPerSecond: (config.identityGcRateLimit * 1000) / config.identityGcRateInterval,
      onRun: metrics.identityGc,
    })
    await Promise.all([gc, runHeartbeat({ store, log: log.child('heartbeat'), signal })])
  })
  scope.run(async (signal) => {
    await retry(() => registerCustomResourceDefinitions({ client, signal }), {
      minMs: 200,
      maxMs: 10_000,
      signal,
      onRetry: (error) =>
        log.warn('custom resources not registered, retrying', { error: describeError(error) }),
    })
    log.info('custom resources registered')
    if (config.ipamMode !== 'cluster-pool') return
    const ciliumNodes = createCiliumNodeTable()
    scope.use(
      startReflector({
        client,
        decoder: ciliumNodeDecoder(createInterner()),
        table: ciliumNodes,
        log: log.child('k8s'),
        signal,
      }),
    )
    const { running, reconciler } = assignPodCidrs({
      ciliumNodes,
      client,
      config,
      log: log.child('pod-cidrs'),
      signal,
    })
    scope.use(reconciler)
    await running
  })
  await scope.untilAborted()
}
