import type { EndpointId, EndpointRow } from '@axoneme/endpoint'
import type { IpcacheRow, NodeRow } from '@axoneme/ipcache'
import { Scope } from '@axoneme/lifecycle'
import type { FrontendRow } from '@axoneme/loadbalancer'
import type { Logger } from '@axoneme/log'
import type { Netlink } from '@axoneme/netlink'
import type { EndpointPolicyRow } from '@axoneme/policy'
import {
  type ReconcileRun,
  type Reconciler,
  type ReconcilerOptions,
  startReconciler,
} from '@axoneme/reconciler'
import type { Netns } from '@axoneme/syscalls'
import type { Table } from '@axoneme/tables'
import { type AttachmentKind, openAttacher } from './attach/attacher.ts'
import { type CtGcFailure, type CtGcRun, runConntrackGc } from './ct-gc.ts'
import { attachDevicePrograms } from './device-programs.ts'
import { createEndpointDatapathTable, joinEndpointsAndPolicies } from './endpoint-join.ts'
import { endpointPrograms } from './endpoint-programs.ts'
import { endpointTarget } from './endpoint-target.ts'
import { openPolicyEpochs } from './epochs.ts'
import { ipcacheTarget } from './ipcache-target.ts'
import { type MapFill, mapFillOf } from './map-fill.ts'
import { ensureNodeDevices } from './node-devices.ts'
import { nodeRoutesTarget } from './node-routes.ts'
import type { DatapathObjects } from './objects.ts'
import type { PodNetwork } from './pod-link.ts'
import { createPolicyEncoder } from './policy-entry.ts'
import type { EndpointStateStore } from './realise-endpoint.ts'
import { serviceTarget } from './service-target.ts'
import { mapNamed } from './template-maps.ts'
import type { EndpointDatapathRow, LocalNode, RoutingMode } from './types.ts'
import { verifyEndpoint } from './verify.ts'
import { type ProgramCheck, verifyPrograms } from './verify-programs.ts'

export type DatapathOptions = Readonly<{
  objects: DatapathObjects
  /** Of the node's network namespace. */
  netlink: Netlink
  /** The node's network namespace, when it is not this thread's. */
  netns?: Netns
  node: LocalNode
  devices: readonly string[]
  routingMode: RoutingMode
  /** Of programs on devices that the node shares with others. `tcx` where the kernel has it, by default. */
  deviceAttachment?: AttachmentKind
  /**
   * Of programs on pods' links, which nobody but the agent uses. `clsact` by default: to attach and to remove a tcx
   * link waits for a grace period of the kernel each time, with the lock that all changes of devices need.
   */
  endpointAttachment?: AttachmentKind
  tables: Readonly<{
    endpoints: Table<EndpointRow>
    policies: Table<EndpointPolicyRow>
    ipcache: Table<IpcacheRow>
    nodes: Table<NodeRow>
    frontends: Table<FrontendRow>
  }>
  state: EndpointStateStore
  log: Logger
  signal: AbortSignal
  observe?: DatapathObserver
}>

export type DatapathObserver = Readonly<{
  /** A step of realising an endpoint. */
  endpointStep?: (step: string, durationMs: number) => void
  /** An endpoint was realised, or one attempt failed. */
  endpoint?: (outcome: 'success' | 'fail') => void
  conntrackGc?: (run: CtGcRun) => void
  conntrackGcFailed?: (failure: CtGcFailure) => void
  reconcile?: (run: ReconcileRun) => void
}>

/**
 * An endpoint waits for the verifier, and for the kernel's grace periods when it goes: others go on meanwhile. As many as
 * libuv has threads.
 */
const endpointsAtOnce = 4

/** The running reconcilers: closing them leaves everything that they made in the kernel as it is. */
export type Datapath = AsyncDisposable &
  Readonly<{
    network: PodNetwork
    endpoints: Reconciler<EndpointDatapathRow>
    ipcache: Reconciler<IpcacheRow>
    services: Reconciler<FrontendRow>
    nodes: Reconciler<NodeRow>
    /** Throws what is missing of an endpoint in the kernel. */
    verify(endpoint: EndpointRow): void
    /** Whether an endpoint's programs are those that the template makes of its values; see `verifyPrograms`. */
    verifyPrograms(id: EndpointId): Promise<readonly ProgramCheck[]>
    /** Names of the devices that run the programs of a template. */
    devices: Readonly<Record<'host' | 'overlay', readonly string[]>>
    /** How full the maps are, as far as it is known: of conntrack once it was collected. */
    mapFill(): readonly MapFill[]
  }>

/**
 * Attaches the node's programs and starts to carry the tables to the kernel. Throws DeviceMissingError, SyscallError
 * and the like; then nothing runs, and what was attached stays.
 */
export function startDatapath(options: DatapathOptions): Datapath {
  const { objects, netlink, netns, node, routingMode, tables, observe = {} } = options
  const { kernel, maps, paths } = objects

  // What can fail comes before anything runs.
  const devices = ensureNodeDevices({ netlink, netns, node, devices: options.devices, routingMode })
  const network: PodNetwork = { gateway: node.routerIp, mtu: devices.podMtu, netns }
  const { deviceAttachment, endpointAttachment = 'clsact' } = options
  const attacher = openAttacher({ kernel, netlink, netns, kind: deviceAttachment })
  attachDevicePrograms(objects, { devices, attacher, netlink })
  const podAttacher = openAttacher({ kernel, netlink, netns, kind: endpointAttachment })
  const programs = endpointPrograms({
    kernel,
    attacher: podAttacher,
    template: objects.templates.lxc,
    maps,
    paths,
  })
  const ipcache = ipcacheTarget(mapNamed(maps, 'axo_ipcache'))
  const services = serviceTarget(maps)
  const nodes = nodeRoutesTarget({ netlink, local: node, devices, routingMode })
  const endpoints = endpointTarget({
    kernel,
    netlink,
    programs,
    epochs: openPolicyEpochs(mapNamed(maps, 'axo_epoch')),
    endpointMap: mapNamed(maps, 'axo_endpoints'),
    policyMapSpec: objects.policyMapSpec,
    encodePolicy: createPolicyEncoder(),
    paths,
    network,
    tunnelIfIndex: devices.tunnel?.ifIndex,
    endpoints: tables.endpoints,
    state: options.state,
    onStep: observe.endpointStep,
    onOutcome: observe.endpoint,
  })

  const scope = new Scope('datapath', { signal: options.signal })
  const start = <Row>(
    name: string,
    { table, target, ...more }: Pick<ReconcilerOptions<Row>, 'table' | 'target' | 'concurrency' | 'statusOf'>,
  ) =>
    scope.use(
      startReconciler<Row>({
        name,
        table,
        target,
        statusOf: 'failed',
        ...more,
        log: options.log.child(name),
        signal: scope.signal,
        observe: observe.reconcile,
      }),
    )
  scope.use(endpoints)
  const joined = createEndpointDatapathTable()
  scope.run((signal) => joinEndpointsAndPolicies({ ...tables, output: joined, signal }))
  let conntrackEntries: number | undefined
  scope.run((signal) =>
    runConntrackGc({
      map: mapNamed(maps, 'axo_ct4'),
      nowSeconds: monotonicSeconds,
      log: options.log.child('conntrack-gc'),
      signal,
      onRun(run) {
        conntrackEntries = run.entries - run.deleted
        observe.conntrackGc?.(run)
      },
      onFailure: observe.conntrackGcFailed,
    }),
  )
  const endpointReconciler = start('endpoints', {
    table: joined,
    target: endpoints,
    concurrency: endpointsAtOnce,
    statusOf: 'all',
  })
  return {
    network,
    devices: {
      host: devices.external.map(({ name }) => name),
      overlay: devices.tunnel === undefined ? [] : [devices.tunnel.name],
    },
    ipcache: start('ipcache', { table: tables.ipcache, target: ipcache }),
    services: start('services', { table: tables.frontends, target: services }),
    nodes: start('node-routes', { table: tables.nodes, target: nodes }),
    endpoints: endpointReconciler,
    mapFill() {
      const lb = services.sizes()
      return mapFillOf(objects, {
        shared: {
          axo_ct4: conntrackEntries,
          axo_endpoints: tables.endpoints.size,
          axo_ipcache: tables.ipcache.size,
          axo_lb4_backends: lb.backends,
          axo_lb4_revnat: lb.reverseNat,
          axo_lb4_services: lb.services,
        },
        policies: tables.policies.rows(),
      })
    },
    verify: (endpoint) => verifyEndpoint({ netlink, programs }, endpoint),
    verifyPrograms: (id) =>
      verifyPrograms(
        {
          kernel,
          netlink,
          programs,
          policyMapSpec: objects.policyMapSpec,
          tunnelIfIndex: devices.tunnel?.ifIndex,
          realised: endpointReconciler.status,
        },
        id,
      ),
    [Symbol.asyncDispose]: () => scope.close(),
  }
}

/** CLOCK_MONOTONIC in seconds: what bpf_ktime_get_ns counts. */
function monotonicSeconds(): number {
  return Number(process.hrtime.bigint() / 1_000_000_000n)
}
