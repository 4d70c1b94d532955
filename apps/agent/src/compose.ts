import { join } from 'node:path'
import { createApiLimiter, queuedDeletes, startAgentApi } from '@axoneme/agent-api'
import { releaseMemory, startMetricsServer } from '@axoneme/app-host'
import { openBpfKernel, openRingBuffer } from '@axoneme/bpf'
import { openDatapathObjects, readPrefixIdentities, startDatapath, tunnelDevice } from '@axoneme/datapath'
import { createEndpointController } from '@axoneme/endpoint'
import { createLabelFilter, createLocalIdentityAllocator } from '@axoneme/identity'
import { createIpcacheController, createPrefixIdentityController } from '@axoneme/ipcache'
import { openK8sClient } from '@axoneme/k8s-client'
import { etcdOptions, openEtcdKvstore } from '@axoneme/kvstore'
import { createIdentityAllocator } from '@axoneme/kvstore-sync'
import { Scope } from '@axoneme/lifecycle'
import { createServiceController } from '@axoneme/loadbalancer'
import { type Logger, observeLog } from '@axoneme/log'
import { startMonitor } from '@axoneme/monitor'
import { openNetlink } from '@axoneme/netlink'
import { createPolicyController } from '@axoneme/policy'
import { type CniBackend, createCniHandlers } from './cni.ts'
import type { AgentConfig } from './config.ts'
import { openEndpointRecords } from './endpoint-records.ts'
import { openEndpointState } from './endpoint-state.ts'
import { agentHealthRoutes } from './health.ts'
import { agentIntervals } from './intervals.ts'
import { checkKernelFeatures, chooseAttachments } from './kernel-features.ts'
import { startKvstoreSources } from './kvstore-sources.ts'
import { findLocalNode } from './local-node.ts'
import { createAgentMetrics } from './metrics.ts'
import { keepCiliumEndpoints } from './own-cilium-endpoints.ts'
import { keepCiliumNode } from './own-cilium-node.ts'
import { publishOwnIps } from './own-keys.ts'
import { createProgress } from './progress.ts'
import { failuresOf, startReflectors } from './reflectors.ts'
import { awaitTurn, readLastRun, writeLastRun } from './restart-turn.ts'
import { createTables } from './tables.ts'
import { createViews, type Visible } from './views.ts'

/** Runs the agent until `signal` aborts. The datapath stays in the kernel as it is when this ends. */
export async function runAgent(
  config: AgentConfig,
  { log: processLog, signal: stop }: { log: Logger; signal: AbortSignal },
): Promise<void> {
  await using scope = new Scope('agent', { signal: stop })
  const { signal } = scope
  const metrics = createAgentMetrics()
  const log = observeLog(processLog, { observe: metrics.log })
  const isIdentityLabel = createLabelFilter(config.labels)
  const { retry } = agentIntervals.bootstrapStep
  const progress = createProgress({ retry, log, signal, observe: metrics.bootstrap })
  const { step } = progress
  const tables = createTables()
  const state = openEndpointState(join(config.stateDir, 'endpoints'), log.child('endpoint-state'))
  // The API first: whoever asks is told what the start waits on, and CNI calls wait for its end.
  const limiter = createApiLimiter(config.apiRateLimit, { observe: metrics.apiLimit })
  const visible: Visible = { tables, limiter }
  metrics.watch(visible, { cluster: config.clusterName, isReady: () => progress.health().ready })
  const backend = Promise.withResolvers<CniBackend>()
  backend.promise.catch(() => {})
  scope.defer(() => backend.reject(signal.reason))
  const hurry = Promise.withResolvers<void>()
  const cni = createCniHandlers({
    backend: backend.promise,
    onWait: hurry.resolve,
    timeoutMs: config.cniTimeout,
    waitingOn() {
      const { step, detail } = progress.health()
      return detail === '' ? step : `${step}: ${detail}`
    },
    onStep: metrics.cniStep,
    log: log.child('cni'),
  })
  const socketPath = join(config.stateDir, 'agent.sock')
  const views = createViews({ visible, config, metrics, progress, startedAt: new Date() })
  scope.use(
    await startAgentApi({
      socketPath,
      handlers: { ...views, cni },
      log: log.child('api'),
      signal,
      observe: metrics.api,
      limiter,
    }),
  )
  if (config.metricsAddress !== '')
    scope.use(await startMetricsServer(config.metricsAddress, metrics.registry, agentHealthRoutes(progress)))

  // Drivers.
  const kernel = openBpfKernel({ observe: metrics.bpf })
  const features = await step('kernel features', () =>
    checkKernelFeatures({
      kernel,
      config,
      onReport(report) {
        visible.features = report
      },
      log: log.child('kernel'),
    }),
  )
  const attachments = chooseAttachments(features, { config, log: log.child('kernel') })
  const netlink = scope.use(openNetlink())
  const openObjects = () =>
    openDatapathObjects({
      kernel,
      bpfRoot: config.bpfRoot,
      templateDir: config.templateDir,
      clang: config.clang,
      config: { routingMode: config.routingMode },
      mapSizes: { axo_ct4: config.bpfCtGlobalMax, axo_policy: config.bpfPolicyMapMax },
      signal,
      onCompile(event) {
        metrics.compile(event)
        const { program, hash, problem } = event
        if (problem !== undefined) log.warn('template', { program, hash, problem })
      },
    })
  const nodeCount = () => tables.nodes.size
  const openStore = () =>
    openEtcdKvstore({
      ...etcdOptions(config),
      log: log.child('kvstore'),
      observe: metrics.kvstore,
      observeWatch: metrics.kvstoreWatch,
      onQuorumError: metrics.kvstoreQuorumError,
      onStatus: (status) => progress.detail('kvstore', status.detail),
      onEndpoints(endpoints) {
        visible.kvstoreEndpoints = endpoints
      },
      nodeCount,
      signal,
    })
  const openClient = () =>
    openK8sClient({
      ...(config.kubeconfig === '' ? {} : { kubeconfigPath: config.kubeconfig }),
      userAgent: 'axoneme-agent/0.1.0',
      observe: metrics.k8s,
    })
  const opening = step('datapath objects', openObjects).then((opened) => scope.use(opened))
  // Its failure is met where it is awaited.
  opening.catch(() => {})
  const lastRunPath = join(config.stateDir, 'last-run.json')
  await step('turn', () =>
    awaitTurn({
      lastRun: readLastRun(lastRunPath, log),
      spread: agentIntervals.restartTurn.spread,
      hurry: hurry.promise,
      onWait: (delayMs) => progress.detail('turn', `${Math.round(delayMs)} ms, until a pod waits`),
      signal,
    }),
  )

  // Sources to tables, none of which waits for another one.
  const client = scope.use(await step('apiserver credentials', openClient))
  const { nodeName } = config
  visible.reflectors = startReflectors({
    ...{ client, tables, nodeName, scope },
    observe: metrics.reflector,
    log: log.child('k8s'),
  })
  const ciliumNode = keepCiliumNode({
    ...{ client, tables, config, signal },
    log: log.child('cilium-node'),
    observe: metrics.reconciler,
  })
  visible.ciliumNode = scope.use(ciliumNode.reconciler)
  scope.run(() => ciliumNode.running)
  const cluster = config.clusterName
  const [objects, { store, ownIps }, { node, pool }] = await Promise.all([
    opening,
    step('kvstore', openStore).then((opened) => {
      const store = scope.use(opened)
      visible.store = store
      return startKvstoreSources({ store, tables, cluster, nodeCount, log: log.child('kvstore-sync'), scope })
    }),
    step('node', () =>
      findLocalNode({
        ...{ tables, config, signal },
        observeAddress: metrics.address,
        waitFor: (what) =>
          progress.detail('node', () => [what, ...failuresOf(visible.reflectors)].join('; ')),
      }),
    ),
  ])
  const events = scope.use(openRingBuffer(objects.map('axo_events')))
  const monitor = scope.use(startMonitor({ ring: events, signal }))
  Object.assign(visible, { objects, node, monitor, ownIps })

  // Tables to tables.
  const identities = scope.use(
    createIdentityAllocator({
      store,
      table: tables.identities,
      nodeSuffix: node.internalIp,
      log: log.child('identity'),
      signal,
      nodeCount,
      onLost: (id) => scope.run((signal) => controller.identityLost(id, signal)),
    }),
  )
  const controller = createEndpointController({
    ...tables,
    addresses: pool,
    identities,
    clusterName: cluster,
    isIdentityLabel,
    log: log.child('endpoint'),
    onPodKnown: metrics.podKnown,
  })
  controller.restore(state.load())
  tables.endpoints.markInitialized()
  const prefixes = createLocalIdentityAllocator()
  for (const { prefix, identity } of readPrefixIdentities(objects)) prefixes.restore(prefix, identity)
  const derivations = [
    controller,
    createPrefixIdentityController({
      policies: tables.networkPolicies,
      allocator: prefixes,
      output: tables.prefixIdentities,
      identities: tables.identities,
      log: log.child('prefix-identities'),
      observe: metrics.derivation('prefix-identities'),
    }),
    createPolicyController({
      isIdentityLabel,
      ...tables,
      policies: tables.networkPolicies,
      output: tables.policies,
      errors: tables.policyErrors,
      observe: metrics.policy,
    }),
    createIpcacheController({
      ...tables,
      localNode: node,
      routingMode: config.routingMode,
      output: tables.ipcache,
      observe: metrics.derivation('ipcache'),
    }),
    createServiceController({
      services: tables.services,
      slices: tables.endpointSlices,
      output: tables.frontends,
      nodeName: node.name,
      observe: metrics.services,
    }),
  ]
  for (const derivation of derivations) scope.run((signal) => derivation.run(signal))

  // Tables to the kernel, and to the cluster.
  const datapath = scope.use(
    await step('datapath', async () =>
      startDatapath({
        objects,
        netlink,
        node,
        devices: config.devices,
        routingMode: config.routingMode,
        deviceAttachment: attachments.devices,
        endpointAttachment: attachments.pods,
        tables,
        state,
        log: log.child('datapath'),
        signal,
        observe: metrics.datapath,
      }),
    ),
  )
  visible.datapath = datapath
  scope.run((signal) => metrics.follow(visible, signal))
  const nodeDevices = config.routingMode === 'tunnel' ? [...config.devices, tunnelDevice] : config.devices
  visible.attachments = [
    { place: 'pods', by: attachments.pods },
    ...nodeDevices.map((place) => ({ place, by: attachments.devices })),
  ]
  publishOwnIps(ownIps, {
    node: { name: node.name, cluster, internalIp: node.internalIp, encryptKey: 0 },
    ...{ endpoints: tables.endpoints, known: tables.ips },
    ...{ store, cluster, nodeCount, log: log.child('kvstore-sync'), scope },
  })
  if (!config.disableEndpointCrd) {
    const recordsLog = log.child('cilium-endpoints')
    const { running, reconciler } = keepCiliumEndpoints({
      ...{ client, tables, signal, nodeIp: node.internalIp, log: recordsLog },
      records: openEndpointRecords(join(config.stateDir, 'cilium-endpoints'), recordsLog),
      observe: metrics.reconciler,
    })
    visible.ciliumEndpoints = scope.use(reconciler)
    scope.run(() => running)
  }

  await step('first state', async () => {
    for (const table of [tables.policies, tables.ipcache, tables.frontends]) {
      progress.detail('first state', () => [`of ${table.name}`, ...failuresOf(visible.reflectors)].join('; '))
      await table.whenInitialized(signal)
    }
    progress.detail('first state', 'in the kernel')
    await Promise.all([datapath.ipcache, datapath.services, datapath.nodes].map((part) => part.settled()))
  })
  // Before CNI calls are answered: nothing else runs meanwhile.
  releaseMemory()
  backend.resolve({ controller, endpoints: tables.endpoints, datapath })
  for (const queued of queuedDeletes(socketPath, (error) => log.warn('queued DEL', { error }))) {
    controller.remove(queued.attachment)
    queued.done()
  }
  progress.markReady()
  const rememberRun = () => writeLastRun(lastRunPath, { nodeCount: nodeCount() })
  rememberRun()
  log.info('ready', { node: node.name, podCidr: node.podCidr, routing: config.routingMode })
  await scope.untilAborted()
  rememberRun()
}
