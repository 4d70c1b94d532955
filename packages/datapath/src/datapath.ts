import type { EndpointId, EndpointRow } from '@axoneme/endpoint'
import type { IpcacheRow, NodeRow } from '@axoneme/ipcache'
import { CodedError, Scope } from '@axoneme/lifecycle'
import type { FrontendRow } from '@axoneme/loadbalancer'
import type { Logger } from '@axoneme/log'
import type { Netlink } from '@axoneme/netlink'
import type { EndpointPolicyRow } from '@axoneme/policy'
import { type Reconciler, startReconciler } from '@axoneme/reconciler'
import type { Table } from '@axoneme/tables'
import { type CtGcRun, runConntrackGc } from './ct-gc.ts'
import { attachDevicePrograms } from './device-programs.ts'
import { createEndpointDatapathTable, joinEndpointsAndPolicies } from './endpoint-join.ts'
import { endpointPrograms } from './endpoint-programs.ts'
import { type EndpointStateStore, endpointTarget } from './endpoint-target.ts'
import { openPolicyEpochs } from './epochs.ts'
import { ipcacheTarget } from './ipcache-target.ts'
import { ensureNodeDevices } from './node-devices.ts'
import { nodeRoutesTarget } from './node-routes.ts'
import type { DatapathObjects } from './objects.ts'
import type { PodNetwork } from './pod-link.ts'
import { serviceTarget } from './service-target.ts'
import type { EndpointDatapathRow, LocalNode, RoutingMode } from './types.ts'

export type DatapathOptions = Readonly<{
  objects: DatapathObjects
  netlink: Netlink
  node: LocalNode
  devices: readonly string[]
  routingMode: RoutingMode
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
}>

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
  }>

/** Attaches the node's programs and starts to carry the tables to the kernel. */
export function startDatapath(options: DatapathOptions): Datapath {
  const { objects, netlink, node, routingMode, tables, log } = options
  const scope = new Scope('datapath', { signal: options.signal })
  const { signal } = scope
  const devices = ensureNodeDevices({ netlink, node, devices: options.devices, routingMode })
  const network: PodNetwork = { gateway: node.routerIp, mtu: devices.podMtu }

  const joined = createEndpointDatapathTable()
  const { endpoints, policies } = tables
  scope.run((signal) => joinEndpointsAndPolicies({ endpoints, policies, output: joined, signal }))

  const start = <Row>(
    name: string,
    from: Pick<Parameters<typeof startReconciler<Row>>[0], 'table' | 'target'>,
  ) => scope.use(startReconciler<Row>({ name, ...from, log: log.child(name), signal }))
  // Attached first: what a restart finds attached keeps working meanwhile.
  attachDevicePrograms(objects, devices)
  const ipcache = start('ipcache', {
    table: tables.ipcache,
    target: ipcacheTarget(objects.map('axo_ipcache')),
  })
  const services = start('services', { table: tables.frontends, target: serviceTarget(objects.maps) })
  const nodes = start('node-routes', {
    table: tables.nodes,
    target: nodeRoutesTarget({ netlink, local: node, devices, routingMode }),
  })
  const target = scope.use(
    endpointTarget({
      kernel: objects.kernel,
      netlink,
      programs: endpointPrograms({
        kernel: objects.kernel,
        template: objects.templates.lxc,
        maps: objects.maps,
        paths: objects.paths,
      }),
      epochs: openPolicyEpochs(objects.map('axo_epoch')),
      endpointMap: objects.map('axo_endpoints'),
      policyMapSpec: objects.policyMapSpec,
      paths: objects.paths,
      network,
      tunnelIfIndex: devices.tunnel?.ifIndex,
      isKnown: (id: EndpointId) => endpoints.has(String(id)),
      state: options.state,
      observe: options.observe ?? {},
    }),
  )
  const endpointReconciler = start('endpoints', { table: joined, target })
  scope.run((signal) =>
    runConntrackGc({
      map: objects.map('axo_ct4'),
      nowSeconds: bootSeconds,
      log: log.child('conntrack-gc'),
      signal,
      ...(options.observe?.conntrackGc === undefined ? {} : { onRun: options.observe.conntrackGc }),
    }),
  )
  return {
    network,
    endpoints: endpointReconciler,
    ipcache,
    services,
    nodes,
    verify(endpoint) {
      if (netlink.linkByName(endpoint.hostIfName)?.up !== true) {
        throw new CodedError(
          'DATAPATH_NO_LINK',
          `find interface ${endpoint.hostIfName} of endpoint ${endpoint.id}`,
        )
      }
      for (const program of ['from_pod', 'to_pod']) {
        objects.kernel.openPinnedLink(objects.paths.endpointLink(endpoint.id, program)).close()
      }
    },
    [Symbol.asyncDispose]: () => scope.close(),
  }
}

/** CLOCK_MONOTONIC in seconds: what bpf_ktime_get_ns counts. */
function bootSeconds(): number {
  return Number(process.hrtime.bigint() / 1_000_000_000n)
}
