import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNetlink } from '@axoneme/netlink'
import { createNetns, deleteNetns } from '@axoneme/syscalls'
import { onTestFinished } from 'vitest'
import type { RoutingMode } from '../types.ts'
import { TestNode } from './test-node.ts'

export const isRoot = process.getuid?.() === 0

/** Nodes have 192.168.50.<number>; this is the bridge's own address, the world for them. */
export const worldAddress = '192.168.50.254'

/**
 * Nodes as network namespaces, joined by a bridge in a namespace of its own, in which each has its own BPF file
 * system. Nothing is made in the caller's namespace. Everything goes when it is disposed, or else with the test: one
 * that runs out of time does not get to its own disposals.
 */
export class TestCluster implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), `axo-datapath-${process.pid}-`))
  readonly worldNetns = join(this.directory, 'netns', 'world')
  readonly nodes: TestNode[] = []
  readonly #resources = new AsyncDisposableStack()

  private constructor() {
    this.#resources.defer(() => rmSync(this.directory, { recursive: true }))
  }

  /** Nodes 1 to `size`, not started yet. */
  static async create({
    size = 1,
    routingMode = 'native',
    mapSizes = {},
  }: {
    size?: number
    routingMode?: RoutingMode
    mapSizes?: Readonly<Record<string, number>>
  } = {}): Promise<TestCluster> {
    await using resources = new AsyncDisposableStack()
    const cluster = resources.use(new TestCluster())
    onTestFinished(() => cluster[Symbol.asyncDispose]())
    const bridge = cluster.#createBridge()
    for (let number = 1; number <= size; number++) {
      const node = new TestNode({ directory: cluster.directory, number, routingMode, mapSizes })
      cluster.#resources.use(node)
      node.connect({ worldNetns: cluster.worldNetns, bridge })
      cluster.nodes.push(node)
    }
    resources.move()
    return cluster
  }

  node(number: number): TestNode {
    const node = this.nodes[number - 1]
    if (node === undefined) throw new Error(`no node ${number}`)
    return node
  }

  /** Tells the world the way to the node's pods. */
  routeToPods({ local }: TestNode): void {
    using netlink = openNetlink({ netns: this.worldNetns })
    netlink.replaceRoute({ destination: local.podCidr, gateway: local.internalIp })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync()
  }

  #createBridge(): number {
    createNetns(this.worldNetns)
    this.#resources.defer(() => deleteNetns(this.worldNetns))
    using netlink = openNetlink({ netns: this.worldNetns })
    const { ifIndex } = netlink.addBridge({ name: 'bridge', up: true })
    netlink.addAddress({ ifIndex, address: worldAddress, prefixLength: 24 })
    return ifIndex
  }
}
