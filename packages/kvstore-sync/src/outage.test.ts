import { openEtcdKvstore } from '@axoneme/kvstore'
import { startEtcdCluster, type TestEtcdCluster } from '@axoneme/kvstore/testing'
import { sleep } from '@axoneme/lifecycle'
import { createLogger, type LogEvent } from '@axoneme/log'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clusterDifferences } from './testing/cluster-differences.ts'
import { NumberLedger } from './testing/number-ledger.ts'
import { SimulatedAgent } from './testing/simulated-agent.ts'
import { startSimulatedOperator } from './testing/simulated-operator.ts'
import { etcdctl, readStored } from './testing/stored-state.ts'

/** What the issue allows between the end of a fault and equality. */
const convergenceMs = 30_000
/** So many faults more, drawn at random. */
const rounds = Number(process.env.AXO_OUTAGE_ROUNDS ?? 0)

const labelSets = Array.from({ length: 20 }, (_, i) => ({ 'k8s:app': `app-${i}`, 'k8s:tier': `${i % 3}` }))
/** Leases of seconds may run out in an outage or on a busy machine; the third agent is away for longer than its own. */
const leaseTtlsS = [900, 60, 3, 5]
const longLeaseS = 60
/** Longer than a node is away: one that is away for longer than its lease and two passes loses its numbers. */
const gcPeriodMs = 15_000

type Fault = Readonly<{
  name: string
  /** Whether no node with a long lease may disappear from any table meanwhile. */
  keepsNodes: boolean
  /** False: only where there are rounds. */
  isShort?: boolean
  /** Ends when the fault is over. */
  run(): Promise<void>
}>

describe('agents and operator on three members of etcd', () => {
  const opened = new AsyncDisposableStack()
  const stop = new AbortController()
  const { signal } = stop
  const events: LogEvent[] = []
  const log = createLogger({ sink: (event) => events.push(event) })
  const ledger = new NumberLedger()
  const agents: SimulatedAgent[] = []
  let etcd: TestEtcdCluster
  let operator: Awaited<ReturnType<typeof startSimulatedOperator>>

  beforeAll(async () => {
    etcd = opened.use(await startEtcdCluster({ size: 3, signal }))
    const { endpoints } = etcd
    const common = { endpoints, range: { min: 300, max: 339 }, ledger, log, signal, random: Math.random }
    for (const [i, leaseTtlS] of leaseTtlsS.entries()) {
      agents.push(opened.use(await SimulatedAgent.start({ ...common, number: i + 1, leaseTtlS })))
    }
    const nodes = ['a', 'b', 'c'].map((name, i) => {
      const [internalIp, podCidrs] = [`192.168.1.${i}`, [`10.1.${i}.0/24`]]
      return { name, cluster: 'default', internalIp, routerIp: '', podCidrs, encryptKey: 0, labels: {} }
    })
    operator = opened.use(await startSimulatedOperator({ endpoints, nodes, log, signal, gcPeriodMs }))
  }, 60_000)
  afterAll(async () => {
    stop.abort(new DOMException('over', 'AbortError'))
    await opened.disposeAsync()
  }, 60_000)

  /** Every fault: it begins, the workload goes on for a while, it ends. */
  const faults: readonly Fault[] = [
    {
      name: 'one member killed',
      keepsNodes: true,
      async run() {
        const leader = await etcd.leader()
        const follower = etcd.members.find((member) => member !== leader)
        await follower?.kill()
        await sleep(1_500)
        await follower?.restart()
      },
    },
    {
      name: 'the leader killed',
      keepsNodes: true,
      async run() {
        const leader = await etcd.leader()
        await leader?.kill()
        await sleep(2_000)
        await leader?.restart()
      },
    },
    {
      name: 'all members killed',
      keepsNodes: true,
      async run() {
        await etcd.killAll()
        await sleep(1_000)
        await etcd.restartAll()
      },
    },
    {
      name: 'compacted while an agent was away',
      keepsNodes: true,
      run: () => compactWhileAway(agents[0], 2_000),
    },
    {
      name: 'compacted while an agent was away for longer than its lease',
      // Its entries, and after its return what is lost of others, take ten seconds more.
      isShort: false,
      keepsNodes: false,
      run: () => compactWhileAway(agents[2], 4_500),
    },
    {
      name: 'each call slowed to 2 s',
      keepsNodes: false,
      async run() {
        for (const { proxies } of agents) for (const proxy of proxies) proxy.setDelayMs(1_000)
        await sleep(5_000)
        for (const { proxies } of agents) for (const proxy of proxies) proxy.setDelayMs(0)
      },
    },
    {
      name: 'every lease revoked',
      keepsNodes: false,
      async run() {
        for (const { store } of agents) {
          const { leaseId } = store.status()
          if (leaseId !== '') await etcdctl(etcd.endpoints, 'lease', 'revoke', BigInt(leaseId).toString(16))
          await sleep(200)
        }
      },
    },
    {
      name: 'restored from nothing',
      // The next one meets everything that this one does.
      isShort: false,
      keepsNodes: true,
      async run() {
        await etcd.killAll()
        await sleep(500)
        await etcd.restartAll({ wipe: true })
      },
    },
    {
      name: 'restored from nothing, and written to until its revisions pass the old ones, before agents see it',
      keepsNodes: true,
      async run() {
        const before = await revisionOf(etcd.endpoints)
        for (const { proxies } of agents) for (const proxy of proxies) proxy.cut()
        await etcd.restartAll({ wipe: true })
        await using filler = await openEtcdKvstore({ endpoints: etcd.endpoints, log, signal })
        while ((await revisionOf(etcd.endpoints)) < before + 50) {
          await Promise.all(
            Array.from({ length: 64 }, (_, i) => filler.put(`filler/${i}`, '').catch(() => {})),
          )
        }
        // One after the other: the first ones meet a store that the others have not put anything back into yet.
        for (const { proxies } of agents) {
          for (const proxy of proxies) proxy.restore()
          await sleep(1_000)
        }
      },
    },
  ]

  async function compactWhileAway(away: SimulatedAgent | undefined, awayMs: number): Promise<void> {
    for (const proxy of away?.proxies ?? []) proxy.cut()
    await sleep(awayMs)
    const revision = await revisionOf(etcd.endpoints)
    await etcdctl(etcd.endpoints, 'compact', String(revision), '--physical')
    for (const proxy of away?.proxies ?? []) proxy.restore()
  }

  async function survive({ run, keepsNodes }: Fault): Promise<void> {
    const quiet = new AbortController()
    const working = Promise.all(agents.map((agent) => agent.runWorkload(labelSets, quiet.signal)))
    await sleep(500)
    const lasting = agents.filter((_, i) => (leaseTtlsS[i] ?? 0) >= longLeaseS).map(({ node }) => node.name)
    using nodes = watchNodes(agents, [...lasting, ...operator.handedOver.keys()])
    await run()
    const recoveredMs = performance.now()
    quiet.abort()
    await working
    for (;;) {
      const stored = await readStored(etcd.endpoints, 'cilium/state/')
      const found = clusterDifferences({ agents, stored, handedOver: operator.handedOver, ledger })
      const tookMs = performance.now() - recoveredMs
      if (found.length === 0) {
        report(`equal after ${Math.round(tookMs)} ms: ${stored.size} keys, ${operator.collected()} collected`)
        break
      }
      if (tookMs > convergenceMs) {
        expect.fail(
          `${found.length} differences ${Math.round(tookMs)} ms after recovery:\n${found.slice(0, 20).join('\n')}`,
        )
      }
      await sleep(100)
    }
    // What is known is not forgotten because the store is away, or lost everything.
    if (keepsNodes) expect([...nodes.missing]).toEqual([])
    expect(ledger.violations).toEqual([])
    expect(events.filter(({ level }) => level === 'error').map(describeEvent)).toEqual([])
  }

  it.each(faults.filter(({ isShort }) => rounds > 0 || isShort !== false))(
    '$name',
    (fault) => survive(fault),
    120_000,
  )

  it.each(rounds > 0 ? [rounds] : [])(
    '%i faults at random',
    async () => {
      for (let round = 0; round < rounds; round++) {
        const fault = faults[Math.floor(Math.random() * faults.length)] ?? expect.fail('no fault')
        report(`round ${round}: ${fault.name}`)
        await survive(fault)
      }
    },
    120_000 * rounds,
  )
})

async function revisionOf(endpoints: readonly string[]): Promise<number> {
  const json = await etcdctl(endpoints, 'get', 'x', '-w', 'json')
  return Number(/"revision":(\d+)/.exec(json)?.[1])
}

/** Collects which of these nodes were missing in which table at any moment. */
function watchNodes(
  agents: readonly SimulatedAgent[],
  names: readonly string[],
): Disposable & { missing: Set<string> } {
  const missing = new Set<string>()
  const timer = setInterval(() => {
    for (const { node, tables } of agents) {
      for (const name of names) if (!tables.nodes.has(name)) missing.add(`${name} on ${node.name}`)
    }
  }, 10)
  return { missing, [Symbol.dispose]: () => clearInterval(timer) }
}

function describeEvent({ message, fields }: LogEvent): string {
  return `${message} ${JSON.stringify(fields)}`
}

function report(text: string): void {
  if (rounds > 0 || process.env.AXO_OUTAGE_VERBOSE !== undefined) process.stderr.write(`${text}\n`)
}
