import { once } from 'node:events'
import { isDeepStrictEqual } from 'node:util'
import { createJson, deleteJson, getJson, K8sApiError, patchJson } from '@axoneme/k8s-client'
import {
  createNodeRowTable,
  ipPrefix,
  nodePrefix,
  operatorIntervalsKey,
  type PublishedIntervals,
  startNodeWatcher,
} from '@axoneme/kvstore-sync'
import { createLogger } from '@axoneme/log'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually, leaderAmong, TestCluster, type TestOperator } from './testing/test-cluster.ts'

const timing = [
  ...['--leader-election-lease-duration', '3s', '--leader-election-renew-deadline', '2s'],
  ...['--leader-election-retry-period', '400ms'],
]
const ciliumNodes = '/apis/cilium.io/v2/ciliumnodes'
const nodes = '/api/v1/nodes'

const keyOf = (name: string) => `${nodePrefix('default')}${name}`

let cluster: TestCluster
beforeEach(async () => {
  cluster = await TestCluster.start()
})
afterEach(() => cluster[Symbol.asyncDispose]())

/** As an agent does: repeated until the operator has registered CiliumNode. */
async function createCiliumNode(name: string, internalIp: string): Promise<void> {
  const body = {
    ...{ apiVersion: 'cilium.io/v2', kind: 'CiliumNode', metadata: { name } },
    spec: { addresses: [{ type: 'InternalIP', ip: internalIp }], ipam: {} },
  }
  await eventually(async () => {
    try {
      return await createJson(cluster.client, ciliumNodes, { body })
    } catch (error) {
      if (error instanceof K8sApiError && error.status === 404) return undefined
      throw error
    }
  })
}

async function podCidrOf(name: string): Promise<string> {
  return await eventually(async () => {
    const node = (await getJson(cluster.client, `${ciliumNodes}/${name}`)) as {
      spec: { ipam: { podCIDRs?: string[] } }
    }
    return node.spec.ipam.podCIDRs?.[0]
  })
}

async function entryOf(name: string): Promise<Record<string, unknown> | undefined> {
  const entry = await cluster.store.get(keyOf(name))
  return entry === undefined ? undefined : JSON.parse(entry.value)
}

describe('several operators', { timeout: 120_000 }, () => {
  let operators: TestOperator[]
  const leader = (among = operators) => eventually(() => leaderAmong(among))
  beforeEach(async () => {
    operators = await Promise.all([1, 2, 3].map(() => cluster.startOperator(timing)))
  })

  it('go on without one that is killed, and without one that stands still and comes back', async () => {
    const first = await leader()
    await createCiliumNode('a', '10.1.0.1')
    const cidrs = [await podCidrOf('a')]
    await eventually(() => entryOf('a'))
    // Followers hold everything ready.
    for (const operator of operators) {
      await eventually(async () => ((await operator.health())?.waitingFor.length === 0 ? true : undefined))
    }
    await eventually(async () =>
      (await first.health())?.kvstoreEndpoints[0]?.state === 'ok' ? true : undefined,
    )
    expect((await first.health())?.kvstoreEndpoints).toMatchObject([{ role: 'leader', detail: '' }])
    for (const follower of operators.filter((operator) => operator !== first)) {
      const response = await fetch(`http://${follower.metricsAddress}/metrics`)
      const text = await response.text()
      expect(text).toContain('leader_election_master_status{name="cilium-operator-resource-lock"} 0')
      // One may have tried to create the lease that another one was faster to create.
      expect(text).not.toMatch(/k8s_client_api_calls_total.*method="(PATCH|PUT|DELETE)"/)
      expect(text).not.toMatch(/k8s_client_api_calls_total.*method="POST",return_code="2/)
    }
    first.process.kill('SIGKILL')
    await once(first.process, 'exit')
    const others = operators.filter((operator) => operator !== first)
    const second = await leader(others)
    await createCiliumNode('b', '10.1.0.2')
    cidrs.push(await podCidrOf('b'))
    expect(await eventually(() => entryOf('b'))).toMatchObject({ Source: 'custom-resource' })

    second.process.kill('SIGSTOP')
    const [third] = others.filter((operator) => operator !== second)
    if (third === undefined) throw new Error('no third operator')
    await leader([third])
    await createCiliumNode('c', '10.1.0.3')
    cidrs.push(await podCidrOf('c'))
    second.process.kill('SIGCONT')
    // It goes on as a follower of the one that took over.
    const holder = (await third.health())?.leader
    await eventually(async () => {
      const health = await second.health()
      return health?.leading === false && health.leader === holder ? true : undefined
    })
    expect(await leaderAmong(others)).toBe(third)
    expect(second.process.exitCode).toBeNull()
    expect(new Set(cidrs).size).toBe(3)

    // One that ends gives the lease back, and the one that stood still leads again.
    third.process.kill('SIGTERM')
    await once(third.process, 'exit')
    expect(third.process.exitCode).toBe(0)
    await leader([second])
    await createCiliumNode('d', '10.1.0.4')
    cidrs.push(await podCidrOf('d'))
    expect(new Set(cidrs).size).toBe(4)
  })
})

/** How many entries it has replaced in the kvstore. */
async function replaced({ metricsAddress }: TestOperator): Promise<number> {
  const response = await fetch(`http://${metricsAddress}/metrics`)
  const line = /^cilium_operator_node_entries_total\{action="replace"\} (\d+)$/m.exec(await response.text())
  return Number(line?.[1] ?? 0)
}

describe('the operator that leads', { timeout: 60_000 }, () => {
  let operator: TestOperator
  beforeEach(async () => {
    operator = await cluster.startOperator([...timing, '--cilium-endpoint-gc-interval', '300ms'])
  })

  it('hands nodes over: writes what changed, sweeps what is gone, and keeps what an agent publishes', async () => {
    const stale = keyOf('stale')
    await cluster.store.put(stale, JSON.stringify({ Name: 'stale', Source: 'custom-resource' }))
    await createJson(cluster.client, nodes, {
      body: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a', labels: { zone: 'z1' } } },
    })
    await createCiliumNode('a', '10.1.0.1')
    const cidr = await podCidrOf('a')
    const entry = await eventually(() => entryOf('a'))
    expect(entry).toMatchObject({
      Name: 'a',
      IPAddresses: [
        { Type: 'InternalIP', IP: '10.1.0.1' },
        { Type: 'CiliumInternalIP', IP: cidr.replace(/0\/24$/, '1') },
      ],
      IPv4AllocCIDR: { IP: cidr.split('/')[0] },
      Labels: { zone: 'z1' },
      Source: 'custom-resource',
    })
    await eventually(async () => ((await entryOf('stale')) === undefined ? true : undefined))

    // A heartbeat reaches nobody, a label everybody.
    const replacedBefore = await replaced(operator)
    for (const second of ['00', '10', '20']) {
      const lastHeartbeatTime = `2026-01-01T00:00:${second}Z`
      const beat = { status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime }] } }
      await patchJson(cluster.client, `${nodes}/a/status`, { type: 'strategic', body: beat })
    }
    const label = (zone: string) =>
      patchJson(cluster.client, `${nodes}/a`, { type: 'merge', body: { metadata: { labels: { zone } } } })
    await label('z2')
    await eventually(async () =>
      isDeepStrictEqual((await entryOf('a'))?.Labels, { zone: 'z2' }) ? true : undefined,
    )
    await eventually(async () => ((await replaced(operator)) === replacedBefore + 1 ? true : undefined))

    // An agent publishes it, with other labels: left alone until its lease has run out.
    {
      await using agent = await cluster.openStore({ leaseTtlS: 2 })
      await agent.put(keyOf('a'), JSON.stringify({ ...entry, Source: 'local' }), { leased: true })
      await label('z3')
      await createCiliumNode('b', '10.1.0.2')
      await eventually(() => entryOf('b'))
      expect(await entryOf('a')).toMatchObject({ Source: 'local', Labels: { zone: 'z1' } })
    }
    const standIn = await eventually(async () => {
      const found = await entryOf('a')
      return found?.Source === 'local' ? undefined : found
    })
    expect(standIn).toMatchObject({ Source: 'custom-resource', Labels: { zone: 'z3' } })

    await deleteJson(cluster.client, `${ciliumNodes}/a`)
    await deleteJson(cluster.client, `${nodes}/a`)
    await eventually(async () => ((await entryOf('a')) === undefined ? true : undefined))
    expect(await entryOf('b')).toBeDefined()
  })

  it('tells which intervals it has, its options included', async () => {
    const entry = await eventually(() => cluster.store.get(operatorIntervalsKey))
    const { by, at, intervals }: PublishedIntervals = JSON.parse(entry.value)
    expect(by).toBe((await operator.health())?.leader)
    expect(Date.parse(at)).toBeLessThanOrEqual(Date.now())
    expect(intervals).toContainEqual(expect.objectContaining({ name: 'endpoint-gc', baseMs: 300 }))
    expect(intervals).toContainEqual(expect.objectContaining({ name: 'leader-election', currentMs: 400 }))
    expect(intervals).toContainEqual(expect.objectContaining({ name: 'identity-gc', baseMs: 600_000 }))
  })

  it('keeps the routes of a node that is away for longer than any lease', async () => {
    await createCiliumNode('a', '10.1.0.1')
    await createCiliumNode('b', '10.1.0.2')
    await Promise.all([podCidrOf('a'), podCidrOf('b')])
    const before = await Promise.all(
      ['a', 'b'].map((name) => eventually(() => cluster.store.get(keyOf(name)))),
    )
    const stop = new AbortController()
    const log = createLogger({ sink: () => {}, level: 'error' })
    const peers = createNodeRowTable()
    const deleted: string[] = []
    await using _watcher = startNodeWatcher({
      ...{ store: cluster.store, table: peers, cluster: 'default', log, signal: stop.signal },
      afterEvent: (event) => {
        if (event.kind === 'delete') deleted.push(event.key)
      },
    })
    await eventually(() => (peers.size === 2 ? true : undefined))
    const address = `${ipPrefix('default')}10.244.0.7`
    {
      // The agent of `a` tells of a pod, and is gone.
      await using agent = await cluster.openStore({ leaseTtlS: 2 })
      await agent.put(address, '{}', { leased: true })
    }
    await eventually(async () => ((await cluster.store.get(address)) === undefined ? true : undefined))
    expect(deleted).toEqual([])
    expect(await Promise.all(['a', 'b'].map((name) => cluster.store.get(keyOf(name))))).toEqual(before)
    // It comes back, and finds the others, and itself as it was.
    await using back = await cluster.openStore({ leaseTtlS: 2 })
    const known = createNodeRowTable()
    await using _back = startNodeWatcher({
      ...{ store: back, table: known, cluster: 'default', log, signal: stop.signal },
    })
    await known.whenInitialized(stop.signal)
    expect([...known.rows()]).toEqual([...peers.rows()])
  })

  it('opens a node for pods once its agent is ready', async () => {
    const key = 'node.cilium.io/agent-not-ready'
    const taints = [
      { key: 'other', value: 'x', effect: 'NoExecute' },
      { key, effect: 'NoSchedule' },
    ]
    await createJson(cluster.client, nodes, {
      body: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' }, spec: { taints } },
    })
    const network = { type: 'NetworkUnavailable', status: 'True', reason: 'NoRouteCreated' }
    const body = { status: { conditions: [network, { type: 'Ready', status: 'True' }] } }
    await patchJson(cluster.client, `${nodes}/a/status`, { type: 'strategic', body })
    const pods = '/api/v1/namespaces/kube-system/pods'
    await createJson(cluster.client, pods, {
      body: {
        ...{ apiVersion: 'v1', kind: 'Pod' },
        metadata: { name: 'agent-1', labels: { 'app.kubernetes.io/name': 'axoneme-agent' } },
        spec: { nodeName: 'a', containers: [{ name: 'agent', image: 'x' }] },
      },
    })
    const ready = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } }
    await patchJson(cluster.client, `${pods}/agent-1/status`, { type: 'strategic', body: ready })
    type Stored = {
      spec: { taints: { key: string }[] }
      status: { conditions: { type: string; status: string; reason?: string }[] }
    }
    const stored = await eventually(async () => {
      const node = (await getJson(cluster.client, `${nodes}/a`)) as Stored
      return node.spec.taints.some((taint) => taint.key === key) ? undefined : node
    })
    expect(stored.spec.taints).toEqual([taints[0]])
    expect(stored.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'NetworkUnavailable', status: 'False', reason: 'CiliumIsUp' }),
    )
    expect(stored.status.conditions.map(({ type }) => type).sort()).toEqual(['NetworkUnavailable', 'Ready'])
  })

  it('removes CiliumEndpoints without a pod, and no others', async () => {
    const at = '/apis/cilium.io/v2/namespaces/default/ciliumendpoints'
    const create = (name: string, ownerReferences: object[] = []) =>
      eventually(async () => {
        try {
          const metadata = { name, ownerReferences }
          return await createJson(cluster.client, at, {
            body: { apiVersion: 'cilium.io/v2', kind: 'CiliumEndpoint', metadata },
          })
        } catch (error) {
          if (error instanceof K8sApiError && error.status === 404) return undefined
          throw error
        }
      })
    await createJson(cluster.client, '/api/v1/namespaces/default/pods', {
      body: {
        ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'alive' } },
        spec: { containers: [{ name: 'c', image: 'x' }] },
      },
    })
    await create('alive')
    await create('machine', [
      { apiVersion: 'cilium.io/v2', kind: 'CiliumExternalWorkload', name: 'm', uid: 'u' },
    ])
    await create('orphan')
    const names = async () =>
      ((await getJson(cluster.client, at)) as { items: { metadata: { name: string } }[] }).items
        .map(({ metadata }) => metadata.name)
        .sort()
    await eventually(async () => ((await names()).includes('orphan') ? undefined : true))
    expect(await names()).toEqual(['alive', 'machine'])
  })
})
