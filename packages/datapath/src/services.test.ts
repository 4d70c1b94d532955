import type { Backend } from '@axoneme/loadbalancer'
import { describe, expect, it } from 'vitest'
import { frontendRow } from './testing/rows.ts'
import { isRoot, TestCluster } from './testing/test-cluster.ts'
import type { TestNode, TestPod } from './testing/test-node.ts'
import { canConnect, openLine, serveLines } from './testing/traffic.ts'

const service = { address: '10.96.0.10', port: 80 }
const backendPort = 8080

/** Pods that serve their own names at the service's target port. */
async function addBackends(node: TestNode, ids: readonly number[]) {
  const stack = new AsyncDisposableStack()
  const pods: TestPod[] = []
  for (const id of ids) {
    const pod = await node.addPod({ id })
    pods.push(pod)
    const at = { netns: pod.netns, address: pod.row.ipv4, port: backendPort }
    stack.use(await serveLines({ ...at, name: `pod-${id}` }))
  }
  return { pods, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

async function setBackends(
  node: TestNode,
  backends: readonly (TestPod | { pod: TestPod; state: Backend['state'] })[],
): Promise<void> {
  const rows = backends.map((backend) => {
    const { pod, state } = 'pod' in backend ? backend : { pod: backend, state: 'active' as const }
    return { address: pod.row.ipv4, port: backendPort, state }
  })
  node.tables.frontends.upsert(frontendRow({ ...service, backends: rows }))
  await node.settled()
}

const askName = async (netns: string) => {
  using line = await openLine({ ...service, netns })
  return (await line.ask('who')).name
}

describe.runIf(isRoot)('ClusterIP services', () => {
  it('spread connections over all backends', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await node.start()
    const client = await node.addPod({ id: 1 })
    await using backends = await addBackends(node, [2, 3, 4])
    await setBackends(node, backends.pods)
    const counts = new Map<string, number>()
    const connections = 120
    for (let i = 0; i < connections; i++) {
      const name = await askName(client.netns)
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    expect([...counts.keys()].sort()).toEqual(['pod-2', 'pod-3', 'pod-4'])
    // Chi-square with two degrees of freedom: above 27.6 once in a million runs.
    const mean = connections / 3
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0)
    expect(chiSquare).toBeLessThan(27.6)
  })

  it('lead a pod to itself, which then sees another address than its own', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await node.start()
    await using backends = await addBackends(node, [1])
    const [pod] = backends.pods as [TestPod]
    await setBackends(node, [pod])
    using line = await openLine({ ...service, netns: pod.netns })
    for (const text of ['first', 'second']) {
      expect(await line.ask(text)).toEqual({ name: 'pod-1', seenAs: '169.254.42.1', text })
    }
  })

  it('drop with their reason while they have no backend', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await node.start()
    const client = await node.addPod({ id: 1 })
    await setBackends(node, [])
    expect(await canConnect({ ...service, netns: client.netns }, { expected: false })).toBe(false)
    await expect.poll(() => node.packets('dropNoService', 'egress'), { timeout: 10_000 }).toBeGreaterThan(0)

    await using backends = await addBackends(node, [2])
    await setBackends(node, backends.pods)
    expect(await askName(client.netns)).toBe('pod-2')
  })

  it('keep connections to backends that stay, and to one that is draining', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await node.start()
    const client = await node.addPod({ id: 1 })
    await using backends = await addBackends(node, [2, 3, 4])
    const [staying, draining, removed] = backends.pods as [TestPod, TestPod, TestPod]
    await setBackends(node, backends.pods)
    using lines = new DisposableStack()
    const opened = new Map<string, Awaited<ReturnType<typeof openLine>>>()
    while (opened.size < 3) {
      const line = lines.use(await openLine({ ...service, netns: client.netns }))
      opened.set((await line.ask('who')).name, line)
    }
    await setBackends(node, [staying, { pod: draining, state: 'draining' }])
    expect((await opened.get('pod-2')?.ask('still'))?.name).toBe('pod-2')
    expect((await opened.get('pod-3')?.ask('still'))?.name).toBe('pod-3')
    for (let i = 0; i < 10; i++) expect(await askName(client.netns)).toBe('pod-2')

    await setBackends(node, [staying])
    expect((await opened.get('pod-2')?.ask('again'))?.name).toBe('pod-2')
    // The connection to a backend that is gone is another backend's to refuse.
    expect(await opened.get('pod-4')?.isSilent('anybody')).toBe(true)
    expect(removed.row.id).toBe(4)
  })

  it('obey the policy of the backend and of the client, at the backend’s port', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await node.start()
    const friend = await node.addPod({
      id: 1,
      identity: 1001,
      egress: [{ identity: 1003, protocol: 6, port: 8080 }],
    })
    const stranger = await node.addPod({ id: 2, identity: 1002 })
    const pod = await node.addPod({
      id: 3,
      identity: 1003,
      ingress: [{ identity: 1001, protocol: 6, port: 8080 }],
    })
    const at = { netns: pod.netns, address: pod.row.ipv4, port: backendPort }
    await using _server = await serveLines({ ...at, name: 'pod-3' })
    await setBackends(node, [pod])
    expect(await askName(friend.netns)).toBe('pod-3')
    expect(await canConnect({ ...service, netns: stranger.netns }, { expected: false })).toBe(false)
    await expect.poll(() => node.packets('dropPolicy', 'ingress'), { timeout: 10_000 }).toBeGreaterThan(0)
  })

  it('lead to nothing any more when they are deleted', async () => {
    await using cluster = await TestCluster.create()
    const node = cluster.node(1)
    await node.start()
    const client = await node.addPod({ id: 1 })
    await using backends = await addBackends(node, [2])
    await setBackends(node, backends.pods)
    expect(await askName(client.netns)).toBe('pod-2')
    node.tables.frontends.delete('10.96.0.10:80/TCP')
    await node.settled()
    expect(await canConnect({ ...service, netns: client.netns }, { expected: false })).toBe(false)
    for (const name of ['axo_lb4_services', 'axo_lb4_backends', 'axo_lb4_revnat']) {
      expect([...(node.objects.maps[name]?.entries() ?? [name])]).toEqual([])
    }
  })
})
