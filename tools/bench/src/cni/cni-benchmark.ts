import { sleep } from '@axoneme/lifecycle'
import type { Benchmark } from '../benchmark.ts'
import { BenchError } from '../errors.ts'
import { type AgentReading, readAgentMetrics, stepsBetween } from './agent-metrics.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { addressOf, type CniCaller, measureSpawn, startCniCaller } from './cni-caller.ts'
import { readCoreTime } from './core-time.ts'
import { distribution, percentile } from './distribution.ts'
import { lagPeriodMs, startIdleProcess } from './loop-lag.ts'
import { askPod, type BenchPod, createPodMaker, type PodMaker } from './pods.ts'
import { type AddSample, stepShares } from './steps.ts'

const warmUpRounds = 10
/** Below this many rounds a run is to prove that it runs, and the burst is small. */
const fullRounds = 100

type Stage = Readonly<{ cluster: Cluster; caller: CniCaller; pods: PodMaker; signal: AbortSignal }>

/** ADD and DEL of an agent that is warm, through the real executable: one at a time, then many at once. */
export const cniBenchmark: Benchmark = {
  name: 'cni',
  summary:
    'CNI ADD and DEL from the exec of the executable, alone and 100 pods at once, with the share of each step',
  fullRounds,
  async run({ rounds, workDir, progress, signal }) {
    const quick = rounds < fullRounds
    const [burstSize, bursts] = quick ? [8, 1] : [100, 3]
    await using cluster = await startCluster({ progress, signal })
    const { instance, client, nodeName, agentSocket } = cluster
    const where = { agentSocket, workDir, signal }
    const spawnMs = await measureSpawn(where, quick ? rounds : fullRounds)
    await using caller = await startCniCaller(where)
    using pods = createPodMaker({ instance, client, nodeName, signal })
    const stage: Stage = { cluster, caller, pods, signal }

    const warmUps = quick ? 1 : warmUpRounds
    progress(`warming up, ${warmUps} pods`)
    for (const pod of await makePods(stage, 'warm', warmUps)) await addAndDelete(stage, pod)

    await using idle = startIdleProcess()
    await idle.takeLagMs()
    const coresBefore = readCoreTime(cluster.agentPid)
    let singleLagMs = 0
    const adds: AddSample[] = []
    const dels: number[] = []
    await readAgent(cluster)
    for (const [i, pod] of (await makePods(stage, 'single', rounds)).entries()) {
      progress(`round ${i + 1} of ${rounds}`)
      const { add, delMs, lagMs } = await addAndDelete(stage, pod)
      adds.push(add)
      dels.push(delMs)
      singleLagMs = Math.max(singleLagMs, lagMs)
    }
    const results: BurstResult[] = []
    for (let i = 1; i <= bursts; i++) {
      progress(`${burstSize} pods at once, ${i} of ${bursts}`)
      results.push(await runBurst(stage, await makePods(stage, `burst-${i}`, burstSize)))
    }
    const controlMs = await idle.takeLagMs()
    const cores = readCoreTime(cluster.agentPid)

    const shares = stepShares(adds)
    const valuesOf = (key: Exclude<keyof BurstResult, 'addMs'>) => results.map((burst) => burst[key])
    const medianOf = (key: Exclude<keyof BurstResult, 'addMs'>) => percentile(valuesOf(key), 0.5)
    return {
      ratios: shares.ratios,
      figures: {
        ...distribution(
          'add_ms',
          adds.map(({ durationMs }) => durationMs),
        ),
        ...distribution('del_ms', dels),
        [`burst${burstSize}_s`]: medianOf('readySeconds'),
        [`burst${burstSize}_added_s`]: medianOf('addedSeconds'),
        [`burst${burstSize}_deleted_s`]: medianOf('deletedSeconds'),
        ...distribution(
          'burst_add_ms',
          results.flatMap(({ addMs }) => addMs),
        ),
        loop_block_ms_max: Math.max(singleLagMs, ...valuesOf('addLagMs'), ...valuesOf('delLagMs')),
        loop_block_single_ms_max: singleLagMs,
        loop_block_burst_add_ms_max: Math.max(...valuesOf('addLagMs')),
        loop_block_burst_del_ms_max: Math.max(...valuesOf('delLagMs')),
        control_loop_block_ms_max: controlMs,
        agent_ran_ms: cores.ranMs - coresBefore.ranMs,
        agent_waited_ms: cores.waitedMs - coresBefore.waitedMs,
        spawn_ms_p50: percentile(spawnMs, 0.5),
        ...shares.figures,
        burst_pods_count: burstSize,
        rounds_count: rounds,
      },
    }
  },
}

/** Pods that the agent knows of, as it does when a runtime calls for a pod that was bound to its node before. */
async function makePods(
  { cluster, pods, signal }: Stage,
  prefix: string,
  count: number,
): Promise<BenchPod[]> {
  const made = await Promise.all(Array.from({ length: count }, (_, i) => pods.make(`${prefix}-${i}`)))
  const deadlineMs = performance.now() + 30_000
  while (((await cluster.agent.status()).counts.pods ?? 0) < count) {
    if (performance.now() > deadlineMs) throw new BenchError(`the agent did not hear of ${count} pods`)
    await sleep(20, { signal })
  }
  return made
}

async function addAndDelete(
  { cluster, caller, pods, signal }: Stage,
  pod: BenchPod,
): Promise<{ add: AddSample; delMs: number; lagMs: number }> {
  const before = await readAgent(cluster)
  const [added] = await caller.call('ADD', [pod])
  if (added === undefined) throw new TypeError('one pod has one run')
  const after = await readAgent(cluster)
  await askPod(pod, { from: cluster.netns, address: addressOf(added), signal })
  const [deleted] = await caller.call('DEL', [pod])
  await pods.remove(pod)
  const end = await readAgent(cluster)
  return {
    add: { durationMs: added.durationMs, steps: stepsBetween(before, after) },
    delMs: deleted?.durationMs ?? 0,
    lagMs: Math.max(lagMsOf(after), lagMsOf(end)),
  }
}

type BurstResult = Readonly<{
  /** From the first exec until the last ADD has returned. */
  addedSeconds: number
  /** From the first exec until the last pod has answered; they are asked once all ADDs have returned. */
  readySeconds: number
  deletedSeconds: number
  addMs: readonly number[]
  addLagMs: number
  delLagMs: number
}>

async function runBurst(
  { cluster, caller, pods, signal }: Stage,
  burst: readonly BenchPod[],
): Promise<BurstResult> {
  await readAgent(cluster)
  const adds = await caller.call('ADD', burst)
  await Promise.all(
    burst.map((pod, i) => askPod(pod, { from: cluster.netns, address: addressOf(adds[i]!), signal })),
  )
  const readyMs = monotonicMs()
  const afterAdds = await readAgent(cluster)
  const dels = await caller.call('DEL', burst)
  const afterDels = await readAgent(cluster)
  for (const pod of burst) await pods.remove(pod)
  return {
    addedSeconds: spanSeconds(adds),
    readySeconds: (readyMs - Math.min(...adds.map(({ startedMs }) => startedMs))) / 1000,
    deletedSeconds: spanSeconds(dels),
    addMs: adds.map(({ durationMs }) => durationMs),
    addLagMs: lagMsOf(afterAdds),
    delLagMs: lagMsOf(afterDels),
  }
}

function spanSeconds(runs: readonly { startedMs: number; endedMs: number }[]): number {
  const first = Math.min(...runs.map(({ startedMs }) => startedMs))
  return (Math.max(...runs.map(({ endedMs }) => endedMs)) - first) / 1000
}

async function readAgent({ agent }: Cluster): Promise<AgentReading> {
  return readAgentMetrics(await agent.metrics())
}

function lagMsOf({ loopLagMaxSeconds }: AgentReading): number {
  return Math.max(0, loopLagMaxSeconds * 1000 - lagPeriodMs)
}

/** What the C program's times count: CLOCK_MONOTONIC. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
