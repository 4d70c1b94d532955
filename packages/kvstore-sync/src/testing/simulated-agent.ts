import { formatLabels, type IdentityId } from '@axoneme/identity'
import type { NodeRow } from '@axoneme/ipcache'
import { type Kvstore, openEtcdKvstore } from '@axoneme/kvstore'
import { type FaultProxy, startFaultProxy } from '@axoneme/kvstore/testing'
import { describeError, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import { createIdentityAllocator, type IdentityAllocator } from '../identity-allocator.ts'
import { createIdentityTable, startIdentityWatcher } from '../identity-table.ts'
import { createIpTable, startIpWatcher } from '../ip-entries.ts'
import { createNodeRowTable, nodeEntryOf, startNodeWatcher } from '../node-entries.ts'
import { ipPrefix, nodePrefix } from '../paths.ts'
import { createSharedStore, type SharedStore } from '../shared-store.ts'
import type { NumberLedger } from './number-ledger.ts'

export const cluster = 'default'

type Pod = Readonly<{ ip: string; labels: Readonly<Record<string, string>>; id: IdentityId; value: string }>

export type SimulatedAgentOptions = Readonly<{
  /** 1 to 250: names the node and its addresses. */
  number: number
  endpoints: readonly string[]
  leaseTtlS: number
  /** Few numbers, so that wrong ones meet. */
  range: Readonly<{ min: IdentityId; max: IdentityId }>
  ledger: NumberLedger
  log: Logger
  signal: AbortSignal
  random: () => number
}>

/**
 * The kvstore side of one node's agent, all of it real: its own entries, its tables, its identities, a random workload of
 * pods. Only the kernel and the apiserver are missing. It reaches each member of the store by a proxy of its own.
 */
export class SimulatedAgent implements AsyncDisposable {
  readonly node: NodeRow
  readonly proxies: readonly FaultProxy[]
  readonly store: Kvstore
  readonly tables = { identities: createIdentityTable(), ips: createIpTable(), nodes: createNodeRowTable() }
  readonly pods = new Map<string, Pod>()
  readonly #options: SimulatedAgentOptions
  readonly #opened = new AsyncDisposableStack()
  readonly #ips: SharedStore
  readonly #allocator: IdentityAllocator
  #podCount = 0

  static async start(options: SimulatedAgentOptions): Promise<SimulatedAgent> {
    const { endpoints, leaseTtlS, log, signal, random } = options
    const proxies = await Promise.all(endpoints.map((endpoint) => startFaultProxy(endpoint)))
    const own = proxies.map(({ endpoint }) => endpoint)
    const store = await openEtcdKvstore({ endpoints: own, leaseTtlS, log, signal, random })
    return new SimulatedAgent(options, proxies, store)
  }

  private constructor(options: SimulatedAgentOptions, proxies: readonly FaultProxy[], store: Kvstore) {
    const { number, log, signal, random, range, ledger } = options
    this.#options = options
    this.proxies = proxies
    this.store = store
    const name = `node-${number}`
    const internalIp = `192.168.0.${number}`
    const podCidrs = [`10.0.${number}.0/24`]
    this.node = { name, cluster, internalIp, routerIp: '', podCidrs, encryptKey: 0, labels: {} }
    for (const proxy of proxies) this.#opened.use(proxy)
    this.#opened.use(store)
    const own = (prefix: string) =>
      this.#opened.use(createSharedStore({ store, prefix, log, signal, random, watch: false }))
    this.#ips = own(ipPrefix(cluster))
    const nodes = own(nodePrefix(cluster))
    const watch = { store, log, signal, cluster }
    this.#opened.use(startIdentityWatcher({ ...watch, table: this.tables.identities }))
    const afterIp = this.#ips.observe.bind(this.#ips)
    this.#opened.use(startIpWatcher({ ...watch, table: this.tables.ips, afterEvent: afterIp }))
    const afterNode = nodes.observe.bind(nodes)
    this.#opened.use(startNodeWatcher({ ...watch, table: this.tables.nodes, afterEvent: afterNode }))
    this.#allocator = this.#opened.use(
      createIdentityAllocator({
        store,
        table: this.tables.identities,
        nodeSuffix: internalIp,
        log,
        signal,
        random,
        range,
        onLost: (id) => ledger.lost(name, id),
      }),
    )
    const { key, value } = nodeEntryOf(this.node)
    nodes.set(key, value)
  }

  /** Adds and removes pods until `stop` aborts; ends when what was begun is done. */
  async runWorkload(
    labelSets: readonly Readonly<Record<string, string>>[],
    stop: AbortSignal,
  ): Promise<void> {
    const { random, signal } = this.#options
    const lane = async () => {
      while (!stop.aborted) {
        const pod = [...this.pods.values()][Math.floor(random() * this.pods.size)]
        const labels = labelSets[Math.floor(random() * labelSets.length)]
        if (labels !== undefined && (pod === undefined || random() < 12 / (12 + this.pods.size))) {
          await this.#addPod(labels)
        } else if (pod !== undefined) this.#removePod(pod)
        await sleep(random() * 60, { signal })
      }
    }
    await Promise.all([lane(), lane(), lane()])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened[Symbol.asyncDispose]()
  }

  /** As the endpoint controller does: until it works. */
  async #addPod(labels: Readonly<Record<string, string>>): Promise<void> {
    const { ledger, log, signal } = this.#options
    const podNumber = this.#podCount++
    const ip = `10.0.${this.#options.number}.${podNumber % 256}`
    if (this.pods.has(ip)) return
    for (;;) {
      try {
        const id = await this.#allocator.allocate(labels, { signal })
        ledger.took(this.node.name, id, formatLabels(labels))
        const value = JSON.stringify({
          IP: ip,
          HostIP: this.node.internalIp,
          ID: id,
          K8sPodName: `p${podNumber}`,
        })
        this.pods.set(ip, { ip, labels, id, value })
        this.#ips.set(ip, value)
        return
      } catch (error) {
        signal.throwIfAborted()
        log.debug('allocation failed', { error: describeError(error) })
        await sleep(100, { signal })
      }
    }
  }

  #removePod({ ip, id }: Pod): void {
    if (!this.pods.delete(ip)) return
    this.#ips.remove(ip)
    this.#options.ledger.gaveBack(this.node.name, id)
    void this.#allocator.release(id)
  }
}
