import { ct4Key, ctEntry, packetReason, trafficDirection } from '@axoneme/bpf-programs'
import { expect } from 'vitest'
import type { AttachmentKind } from '../attach/attacher.ts'
import { type ContinuousTraffic, ports, startTraffic, type TrafficReport } from './continuous-traffic.ts'
import { type Allow, policyRow } from './rows.ts'
import { allRunningPrograms, heldBpfObjects, loadedPrograms } from './running-programs.ts'
import { TestCluster } from './test-cluster.ts'
import type { TestNode, TestPod } from './test-node.ts'

/** Either may be the pod's at any moment; policy allows both. */
const identities = { client: [1001, 1101], server: [1002, 1102] } as const
const allow = (peers: readonly number[]): Allow => peers.map((identity) => ({ identity }))
const policies = {
  client: { egress: allow(identities.server), ingress: [] },
  server: { ingress: allow(identities.client), egress: [] },
} as const

/** One side of the connections. */
export type End = Readonly<{ node: TestNode; pod: TestPod; role: keyof typeof policies }>

/** Two pods with traffic between them that policy allows, and what must be so when it ends. */
export type SwapScenario = AsyncDisposable &
  Readonly<{
    ends: readonly End[]
    traffic: ContinuousTraffic
    /** The end's row with its first identity or its other one. */
    rowAs(end: End, which: 0 | 1): TestPod['row']
    /** Writes it to the tables, as a change of labels does, and waits for the kernel to have it. */
    become(end: End, which: 0 | 1): Promise<void>
    /** Ends the traffic and expects that no packet was lost and that connections and policy are the ones of the start. */
    expectUndisturbed(): Promise<TrafficReport>
  }>

/** Pods on one node, or on two that are joined by a tunnel. */
export async function startSwapScenario({
  kind,
  nodes,
}: {
  kind: AttachmentKind
  nodes: 1 | 2
}): Promise<SwapScenario> {
  await using opening = new AsyncDisposableStack()
  const routingMode = nodes === 1 ? 'native' : 'tunnel'
  const cluster = opening.use(await TestCluster.create({ size: nodes, routingMode }))
  for (const node of cluster.nodes) node.attachment = kind
  await Promise.all(cluster.nodes.map((node) => node.start()))
  const [near, far] = [cluster.node(1), cluster.node(nodes)]
  const client = await near.addPod({ id: 1, identity: identities.client[0], ...policies.client })
  const server = await far.addPod({ id: 2, identity: identities.server[0], ...policies.server })
  if (near !== far) {
    near.addRemote(far, [server])
    far.addRemote(near, [client])
    await Promise.all([near.settled(), far.settled()])
  }
  const ends: readonly End[] = [
    { node: near, pod: client, role: 'client' },
    { node: far, pod: server, role: 'server' },
  ]
  const heldAtStart = heldBpfObjects()
  const at = ({ netns, row }: TestPod) => ({ netns, address: row.ipv4 })
  const traffic = opening.use(startTraffic({ client: at(client), server: at(server) }))
  await traffic.advanced()
  const start = ends.map((end) => ({ end, connections: connections(end), policy: policyEntries(end) }))
  // On one node each connection has an entry of the client's programs and one of the server's.
  for (const { connections } of start) expect(connections.size).toBe(nodes === 1 ? 6 : 3)

  const rowAs: SwapScenario['rowAs'] = ({ pod, role }, which) => ({
    ...pod.row,
    identity: identities[role][which],
  })
  const held = opening.move()
  return {
    ends,
    traffic,
    rowAs,
    async become(end, which) {
      const row = rowAs(end, which)
      end.node.tables.endpoints.upsert(row)
      end.node.tables.policies.upsert(policyRow(row, policies[end.role]))
      await end.node.settled()
    },
    async expectUndisturbed() {
      const report = await traffic.finish()
      expectWholeTraffic(report)
      for (const { end, connections, policy } of start) {
        expectSameConnections(end, { before: connections, report })
        expect(policyEntries(end)).toEqual(policy)
        expect(drops(end)).toBe(0)
        // What was replaced is gone, as soon as the kernel got to it.
        const pods = ends.filter(({ node }) => node === end.node).map(({ pod }) => pod.row)
        await expect
          .poll(() => loadedPrograms(end.node), { timeout: 10_000 })
          .toEqual(allRunningPrograms(end.node, pods))
      }
      expect(heldBpfObjects()).toEqual(heldAtStart)
      return report
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/** Nothing was lost but what the machine's own receive queues had no room for, which is hardly ever anything. */
function expectWholeTraffic({ upload, download, datagrams, pods, queueDrops }: TrafficReport): void {
  expect(upload.received).toBe(upload.sent)
  expect(download.received).toBe(download.sent)
  expect(pods).toMatchObject({ client: { resets: 0 }, server: { resets: 0 } })
  expect(datagrams.doubled).toBe(0)
  expectShortBy(queueDrops, datagrams.answered, datagrams.sent)
  expectShortBy(queueDrops, pods.server.received, pods.client.sent)
  expectShortBy(queueDrops, pods.client.received, pods.server.sent)
}

function expectSameConnections(
  end: End,
  { before, report }: { before: ReturnType<typeof connections>; report: TrafficReport },
): void {
  const now = connections(end)
  expect([...now.keys()].sort()).toEqual([...before.keys()].sort())
  for (const [key, { isOfDatagrams, entry: old }] of before) {
    const entry = now.get(key)?.entry
    expect(entry).toMatchObject({ createdSeconds: old.createdSeconds, endpointId: old.endpointId })
    const [forward, reply] = [Number(entry?.forwardPackets), Number(entry?.replyPackets)]
    expect(forward).toBeGreaterThan(Number(old.forwardPackets))
    expect(reply).toBeGreaterThan(Number(old.replyPackets))
    if (!isOfDatagrams) continue
    // On its way through this end each packet met one program, not none and not two.
    expectShortBy(report.queueDrops, forward, report.datagrams.sent)
    expectShortBy(report.queueDrops, reply, report.datagrams.sent)
  }
}

function expectShortBy(atMost: number, count: number, whole: number): void {
  expect(count).toBeLessThanOrEqual(whole)
  expect(count).toBeGreaterThanOrEqual(whole - atMost)
}

/** The conntrack entries of the traffic on the end's node, as they are now. */
function connections({ node }: End) {
  const ours: readonly number[] = Object.values(ports)
  const entries = Array.from(node.objects.map('axo_ct4').entries(), ([key, value]) => ({
    key: ct4Key.decode(key),
    entry: ctEntry.decode(value),
  }))
  return new Map(
    entries
      .filter(({ key }) => ours.includes(key.dport))
      .map(({ key, entry }) => [
        Object.values(key).join(' '),
        { isOfDatagrams: key.dport === ports.datagrams, entry },
      ]),
  )
}

function policyEntries({ node, pod }: End) {
  const { kernel, paths } = node.objects
  using map = kernel.openPinnedMap(paths.policyMap(pod.row.id))
  return {
    id: map.id,
    entries: Array.from(map.entries(), (entry) => entry.map((part) => part.toString('hex'))),
  }
}

/** Packets that the datapath of the end's node dropped, whatever for. */
function drops({ node }: End): number {
  const names = <K extends string>(values: Readonly<Record<K, unknown>>) => Object.keys(values) as K[]
  return names(packetReason)
    .filter((reason) => reason.startsWith('drop'))
    .flatMap((reason) => names(trafficDirection).map((direction) => node.packets(reason, direction)))
    .reduce((sum, count) => sum + count, 0)
}
