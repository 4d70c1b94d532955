import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openBpfKernel, unmountBpffs } from '@axoneme/bpf'
import {
  type DatapathConfig,
  metricsKey,
  metricsValue,
  packetReason,
  trafficDirection,
} from '@axoneme/bpf-programs'
import { testTemplateDir } from '@axoneme/bpf-programs/testing'
import { createEndpointTable, type EndpointId, type EndpointRow } from '@axoneme/endpoint'
import { reservedIdentity } from '@axoneme/identity'
import { createIpcacheTable, type NodeRow } from '@axoneme/ipcache'
import { createFrontendTable } from '@axoneme/loadbalancer'
import { createLogger } from '@axoneme/log'
import { type Netlink, openNetlink } from '@axoneme/netlink'
import { createEndpointPolicyTable } from '@axoneme/policy'
import { createNetns, deleteNetns } from '@axoneme/syscalls'
import { createTable } from '@axoneme/tables'
import type { AttachmentKind } from '../attach/attacher.ts'
import { type Datapath, type DatapathOptions, startDatapath } from '../datapath.ts'
import { type DatapathObjects, openDatapathObjects } from '../objects.ts'
import type { LocalNode, RoutingMode } from '../types.ts'
import { type Allow, endpointRow, policyRow } from './rows.ts'
import { within } from './within.ts'

/** Small enough to be made in no time. */
const smallMaps = { axo_ct4: 1024, axo_frag4: 64, axo_events: 65_536, axo_ipcache: 1024, axo_policy: 1024 }
const nodeInterface = 'eth0'

export type TestPod = Readonly<{ netns: string; row: EndpointRow }>

/** A node with the tables of an agent, which the test fills, and a running datapath after `start`. */
export class TestNode implements AsyncDisposable {
  readonly local: LocalNode
  readonly netns: string
  readonly bpfRoot: string
  /** What the next start takes. */
  routingMode: RoutingMode
  /** Entries by map name, where they are not small; what the next start takes. */
  readonly mapSizes: Record<string, number>
  /** What the next start takes; the kernel's best when undefined. */
  attachment: AttachmentKind | undefined
  readonly tables = {
    endpoints: createEndpointTable(),
    policies: createEndpointPolicyTable(),
    ipcache: createIpcacheTable(),
    nodes: createTable<NodeRow>({ name: 'nodes', key: (row) => row.name }),
    frontends: createFrontendTable(),
  }
  /** What an agent keeps on disk. */
  readonly saved = new Map<EndpointId, EndpointRow>()
  readonly #directory: string
  readonly #resources = new AsyncDisposableStack()
  #running: (Running & { close(): Promise<void> }) | undefined
  #podCount = 0

  constructor({
    directory,
    number,
    routingMode,
    mapSizes,
  }: {
    directory: string
    number: number
    routingMode: RoutingMode
    mapSizes: Readonly<Record<string, number>>
  }) {
    this.local = {
      name: `node${number}`,
      internalIp: `192.168.50.${number}`,
      podCidr: `10.50.${number}.0/24`,
      routerIp: `10.50.${number}.1`,
    }
    this.#directory = directory
    this.mapSizes = { ...mapSizes }
    this.routingMode = routingMode
    this.netns = join(directory, 'netns', this.local.name)
    this.bpfRoot = join(directory, 'bpf', this.local.name)
    createNetns(this.netns)
    this.#resources.defer(() => deleteNetns(this.netns))
    this.#resources.defer(() => void unmountBpffs(this.bpfRoot))
    this.#resources.defer(() => this.stop())
    for (const address of [this.local.internalIp, this.local.routerIp]) {
      this.addPrefix(`${address}/32`, reservedIdentity.host)
    }
    for (const table of Object.values(this.tables)) table.markInitialized()
  }

  get datapath(): Datapath {
    return this.#started.datapath
  }

  get objects(): DatapathObjects {
    return this.#started.objects
  }

  get netlink(): Netlink {
    return this.#started.netlink
  }

  /** A socket of its own, for when nothing runs. */
  openNetlink(): Netlink {
    return openNetlink({ netns: this.netns })
  }

  /** Gives the node an interface on the bridge. */
  connect({ worldNetns, bridge }: { worldNetns: string; bridge: number }): void {
    using world = openNetlink({ netns: worldNetns })
    const port = world.addVeth({
      name: this.local.name,
      peerName: nodeInterface,
      peerNetns: this.netns,
      peerUp: true,
    })
    world.setLink({ ifIndex: port.ifIndex, master: bridge, up: true })
    using netlink = this.openNetlink()
    netlink.setLink({ ifIndex: 1, up: true })
    const ifIndex = netlink.linkByName(nodeInterface)?.ifIndex ?? 0
    netlink.addAddress({ ifIndex, address: this.local.internalIp, prefixLength: 24 })
  }

  /** As an agent starts: opens or makes the maps, attaches, carries the tables over. */
  async start(options: Partial<DatapathOptions> = {}): Promise<Datapath> {
    await using opening = new AsyncDisposableStack()
    const signal = new AbortController().signal
    const objects = opening.use(await this.openObjects())
    const netlink = opening.use(this.openNetlink())
    const datapath = opening.use(
      startDatapath({
        objects,
        netlink,
        netns: this.netns,
        node: this.local,
        devices: [nodeInterface],
        routingMode: this.routingMode,
        tables: this.tables,
        state: {
          save: (row) => void this.saved.set(row.id, row),
          remove: (id) => void this.saved.delete(id),
          ids: () => [...this.saved.keys()],
        },
        log: createLogger({ sink: () => {} }),
        signal,
        ...(this.attachment === undefined
          ? {}
          : { deviceAttachment: this.attachment, endpointAttachment: this.attachment }),
        ...options,
      }),
    )
    const held = opening.move()
    this.#running = { objects, netlink, datapath, close: () => held.disposeAsync() }
    await this.settled()
    return datapath
  }

  openObjects(config: Partial<DatapathConfig> = {}): Promise<DatapathObjects> {
    return openDatapathObjects({
      kernel: openBpfKernel(),
      bpfRoot: this.bpfRoot,
      templateDir: testTemplateDir,
      clang: 'clang',
      config: { routingMode: this.routingMode, ...config },
      mapSizes: { ...smallMaps, ...this.mapSizes },
      signal: AbortSignal.timeout(120_000),
    })
  }

  /** Leaves in the kernel what a killed agent would leave: everything that is pinned or made. */
  async stop(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    await running?.close()
  }

  /** Resolves when what is in the tables now is in the kernel, or failed once. */
  async settled(): Promise<void> {
    // The join of endpoints and policies takes a turn of the event loop.
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
    const { endpoints, ipcache, services, nodes } = this.datapath
    await Promise.all(
      Object.entries({ endpoints, ipcache, services, nodes }).map(([name, part]) =>
        within(part.settled(), () => `${this.local.name}: ${name} have not settled`),
      ),
    )
  }

  /** A namespace for a pod, with nothing in it, and a row for its endpoint that is in no table. */
  newPod({ id, identity = 1000 + id }: { id: number; identity?: number }): TestPod {
    const netns = join(this.#directory, 'netns', `${this.local.name}-pod${++this.#podCount}`)
    createNetns(netns)
    this.#resources.defer(() => deleteNetns(netns))
    const ipv4 = this.local.podCidr.replace('.0/24', `.${10 + id}`)
    return { netns, row: endpointRow({ id, ipv4, identity, netnsPath: netns }) }
  }

  /** A running pod. What its policy does not say is everything. */
  async addPod({
    ingress = 'everything',
    egress = 'everything',
    ...pod
  }: {
    id: number
    identity?: number
    ingress?: Allow
    egress?: Allow
  }): Promise<TestPod> {
    const made = this.newPod(pod)
    this.put(made.row, { ingress, egress })
    await this.settled()
    await within(untilRunning(made), () => `${made.row.ifName} of ${made.netns} has no carrier`)
    return made
  }

  /** Writes the rows of an endpoint, in one go. */
  put(row: EndpointRow, policy: { ingress?: Allow; egress?: Allow }): void {
    this.tables.endpoints.upsert(row)
    this.tables.policies.upsert(policyRow(row, policy))
    this.addPrefix(`${row.ipv4}/32`, row.identity)
  }

  remove(row: EndpointRow): void {
    this.tables.endpoints.delete(String(row.id))
    this.tables.policies.delete(String(row.id))
    this.tables.ipcache.delete(`${row.ipv4}/32`)
  }

  addPrefix(cidr: string, identity: number, tunnelEndpoint = ''): void {
    this.tables.ipcache.upsert({ cidr, identity, tunnelEndpoint, encryptKey: 0 })
  }

  /** Tells this node of another one and of a pod there. */
  addRemote(node: TestNode, pods: readonly TestPod[]): void {
    const { name, internalIp, routerIp, podCidr } = node.local
    const tunnel = this.routingMode === 'tunnel' ? internalIp : ''
    this.tables.nodes.upsert({
      name,
      cluster: 'default',
      internalIp,
      routerIp,
      podCidrs: [podCidr],
      encryptKey: 0,
      labels: {},
    })
    for (const address of [internalIp, routerIp]) this.addPrefix(`${address}/32`, reservedIdentity.remoteNode)
    for (const { row } of pods) this.addPrefix(`${row.ipv4}/32`, row.identity, tunnel)
  }

  /** Packets that the datapath counted since the node's maps exist. */
  packets(reason: keyof typeof packetReason, direction: keyof typeof trafficDirection): number {
    const key = metricsKey.encode({
      reason: packetReason[reason],
      direction: trafficDirection[direction],
    })
    const perCpu = this.objects.maps.axo_metrics?.lookupPerCpu(key) ?? []
    return perCpu.reduce((sum, value) => sum + Number(metricsValue.decode(value).packets), 0)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync()
  }

  get #started(): Running {
    if (this.#running === undefined) throw new Error(`${this.local.name} is not started`)
    return this.#running
  }
}

/** The kernel gives a new link its carrier in a work queue of its own: what is sent before is lost. */
async function untilRunning({ netns, row }: TestPod): Promise<void> {
  using netlink = openNetlink({ netns })
  while (netlink.linkByName(row.ifName)?.running === false) await sleep(5)
}

type Running = { objects: DatapathObjects; netlink: Netlink; datapath: Datapath }
