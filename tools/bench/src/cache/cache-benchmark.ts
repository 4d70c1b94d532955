import { sleep } from '@axoneme/lifecycle'
import { fabric } from '@axoneme/sandbox'
import { clusterShape, fullShape } from '@axoneme/scale-sim/model'
import type { Benchmark } from '../benchmark.ts'
import { BenchError } from '../errors.ts'
import { median } from '../samples.ts'
import { type ExpectedMaps, expectedMaps, openKernelMaps } from './kernel-maps.ts'
import { type Machine, ownRouterIp, type RunningAgent, startMachine } from './machine.ts'
import { readCpuSeconds, readMemory } from './process-use.ts'

/** Starts of the agent; with fewer rounds a run is to prove that it runs, and the cluster is small. */
const fullRounds = 5
const smallShape = clusterShape({ nodes: 50, pods: 1_000, services: 200 })

/** An agent that knows a whole cluster: what it keeps, how soon it is complete, and what it costs when nothing changes. */
export const cacheBenchmark: Benchmark = {
  name: 'cache',
  summary:
    'an agent of a cluster of 5,000 nodes, 100,000 pods and 20,000 services: memory, cold start, idle CPU',
  fullRounds,
  async run({ rounds, progress, signal }) {
    const quick = rounds < fullRounds
    const shape = quick ? smallShape : fullShape
    await using machine = await startMachine({ shape, progress, signal })
    const expected = expectedMaps(shape, {
      address: machine.node.address,
      routerIp: ownRouterIp,
      apiserver: { frontend: '10.96.0.1:443', backend: `${fabric.gateway}:${fabric.apiServerPort}` },
    })

    const starts: Start[] = []
    progress('a start that compiles the templates')
    const compiled = await measureStart(machine, { expected, settleMs: 0, signal })
    for (let round = 1; round <= rounds; round++) {
      progress(`round ${round} of ${rounds}`)
      starts.push(await measureStart(machine, { expected, settleMs: quick ? 500 : 30_000, signal }))
    }
    const of = (figure: keyof Start) => median(starts.map((start) => start[figure]))
    return {
      ratios: {},
      figures: {
        rss_mb: of('rssMb'),
        anonymous_mb: of('anonymousMb'),
        peak_rss_mb: of('peakMb'),
        heap_used_mb: of('heapUsedMb'),
        heap_total_mb: of('heapTotalMb'),
        external_mb: of('externalMb'),
        cold_start_s: of('completeS'),
        cold_start_compiling_s: compiled.completeS,
        start_cpu_s: of('startCpuS'),
        settling_cpu_s: of('settlingCpuS'),
        idle_cpu_percent: of('idleCpuPercent'),
        nodes_count: shape.nodes,
        pods_count: shape.pods,
        services_count: shape.services,
        rounds_count: rounds,
      },
    }
  },
}

type Start = Readonly<
  Record<
    | 'completeS'
    | 'startCpuS'
    | 'settlingCpuS'
    | 'rssMb'
    | 'anonymousMb'
    | 'peakMb'
    | 'heapUsedMb'
    | 'heapTotalMb'
    | 'externalMb'
    | 'idleCpuPercent',
    number
  >
>

async function measureStart(
  machine: Machine,
  { expected, settleMs, signal }: { expected: ExpectedMaps; settleMs: number; signal: AbortSignal },
): Promise<Start> {
  const startedMs = performance.now()
  await using agent = machine.startAgent()
  const completeMs = await untilComplete(machine, { agent, expected, signal })
  const startCpuS = readCpuSeconds(agent.pid)
  // What the start needed may go, and what is left to do is done: V8 collects garbage once more after some 20 s.
  await sleep(settleMs, { signal })
  const [idleFromMs, idleFromCpuS] = [performance.now(), readCpuSeconds(agent.pid)]
  await sleep(settleMs, { signal })
  const idleCpuS = readCpuSeconds(agent.pid) - idleFromCpuS
  const idleS = (performance.now() - idleFromMs) / 1000
  const { rssMb, anonymousMb, peakMb } = readMemory(agent.pid)
  const metrics = await agent.client.metrics()
  const metric = (name: string) =>
    Number(new RegExp(`^cilium_${name} (\\S+)$`, 'm').exec(metrics)?.[1]) / 2 ** 20
  return {
    completeS: (completeMs - startedMs) / 1000,
    startCpuS,
    settlingCpuS: idleFromCpuS - startCpuS,
    ...{ rssMb, anonymousMb, peakMb },
    heapUsedMb: metric('nodejs_heap_size_used_bytes'),
    heapTotalMb: metric('nodejs_heap_size_total_bytes'),
    externalMb: metric('nodejs_external_memory_bytes'),
    idleCpuPercent: idleS === 0 ? 0 : (100 * idleCpuS) / idleS,
  }
}

const pollMs = 100
const patienceMs = 180_000

/** When the kernel's maps were found to hold exactly what they must. */
async function untilComplete(
  machine: Machine,
  { agent, expected, signal }: { agent: RunningAgent; expected: ExpectedMaps; signal: AbortSignal },
): Promise<number> {
  const deadlineMs = performance.now() + patienceMs
  const mapDir = `${machine.instance.bpfRoot}/${machine.node.name}/maps`
  let wrong = ['no maps']
  while (performance.now() < deadlineMs) {
    await sleep(pollMs, { signal })
    using maps = openKernelMaps(mapDir)
    if (maps === undefined || !maps.mayBeComplete(expected)) continue
    const nowMs = performance.now()
    wrong = maps.differences(expected)
    if (wrong.length === 0) return nowMs
  }
  throw new BenchError(
    `the kernel's maps are not complete: ${wrong.length} differences, such as ${wrong.slice(0, 5).join('; ')}`,
    { hint: `the agent's last words: ${agent.log().slice(-2000)}` },
  )
}
