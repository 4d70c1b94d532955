import { sleep } from '@axoneme/lifecycle'
import { z } from 'zod'
import { trafficBetween } from '../apiserver/traffic.ts'
import { type Machine, startMachine } from '../cluster/machine.ts'
import { ScaleSimError } from '../errors.ts'
import { type HollowStart, type Status, statusSchema } from '../hollow/protocol.ts'
import { type ClusterShape, modernHeartbeats } from '../model/index.ts'
import { type AgentSteps, readAgentSteps } from './agent-steps.ts'
import { type Phase, phaseBetween, readMachine, round } from './reading.ts'
import { createSampler, type Sample, type Sampler } from './series.ts'

export type StormOptions = Readonly<{
  /** Of its services there should be few: what everybody reads is asked for once, however much it is. */
  shape: ClusterShape
  realAgents: number
  requestsPerSecond: number
  /** Share of the calls that are cut: half of them before they are handled, half amid the answer. */
  cutShare: number
  /** Given up after this time; without it, when the rate limit would have allowed ten times the calls that are needed. */
  timeLimitMs?: number | undefined
  /** How long the run goes on when all are ready. */
  afterwardsMs: number
  /** Whether the run without backoff and kept progress is made, too; for at most this long. */
  withoutBackoffMs: number
  signal: AbortSignal
  progress(text: string): void
}>

/** How one start of all agents at once went. */
export type Storm = Readonly<{
  backoff: boolean
  /** Hollow and real. */
  agents: number
  ready: number
  /** From the start of all until the last was ready; how long was waited when some never were. */
  readyS: number
  realAgentsReadyS: readonly number[]
  /** Of agents whose start failed; the real ones' processes included. */
  restarts: number
  /** Steps of starts that succeeded, and how many of them had succeeded before in the same agent. */
  stepsDone: number
  stepsRepeated: number
  /** Which those were. */
  repeatedSteps: Readonly<Record<string, number>>
  /** The same of the real agents: their first states and CiliumNodes, as they and the apiserver count them. */
  realAgentsSteps: AgentSteps
  /** Over the whole storm. */
  answered: number
  refused: number
  cut: number
  /** Requests a second at the end, all kinds. */
  idleRate: number
  phase: Phase
  series: readonly Sample[]
}>

export type StormReport = Readonly<{
  kind: 'storm'
  shape: ClusterShape
  requestsPerSecond: number
  cutShare: number
  storm: Storm
  withoutBackoff: Storm | undefined
}>

/** What an agent asks an apiserver for until it is ready: seven collections and its CiliumNode. */
const requestsPerAgent = 8
/** In which the rate at the end is taken. */
const idleSamples = 10

/** Starts all agents of a cluster at once against an apiserver that limits, refuses and cuts. */
export async function runStorm(options: StormOptions): Promise<StormReport> {
  const { shape, requestsPerSecond, cutShare, withoutBackoffMs } = options
  const storm = await start(options, { backoff: true })
  const withoutBackoff =
    withoutBackoffMs === 0
      ? undefined
      : await start({ ...options, realAgents: 0, timeLimitMs: withoutBackoffMs }, { backoff: false })
  return { kind: 'storm', shape, requestsPerSecond, cutShare, storm, withoutBackoff }
}

async function start(options: StormOptions, { backoff }: { backoff: boolean }): Promise<Storm> {
  const { shape, realAgents, requestsPerSecond, cutShare, afterwardsMs, signal, progress } = options
  const timeLimitMs =
    options.timeLimitMs ?? 60_000 + (10_000 * requestsPerAgent * shape.nodes) / requestsPerSecond
  await using machine = await startMachine({
    ...options,
    heartbeats: modernHeartbeats,
    bookmarkIntervalMs: 60_000,
    agentsHaveRun: false,
  })
  await machine.kvstore.call('open', {
    argument: { shape, endpoint: machine.etcdEndpoint, fill: false },
    answer: z.int(),
    signal,
  })
  await operatorHasBegun(machine, signal)
  const hollowCount = shape.nodes - realAgents
  const status = () => machine.hollow.call('status', { answer: statusSchema, signal })
  const sampler = createSampler(machine, async () => (await status()).ready)
  const before = await readMachine(machine, signal)
  progress(
    `${hollowCount} hollow and ${realAgents} real agents start at once, ${requestsPerSecond} requests a second are allowed, ${100 * cutShare} % of the calls are cut, backoff is ${backoff ? 'on' : 'off'}`,
  )
  await machine.setFaults({ requestsPerSecond, cutShare })
  const startedMs = performance.now()
  machine.startAgents()
  const real = { readyS: [] as number[] }
  const realReady = machine.agentsReady().then((seconds) => {
    real.readyS = seconds
  })
  // When the time is over they are given up together with the machine.
  realReady.catch(() => {})
  await machine.hollow.call('start', {
    argument: {
      ...{ first: 0, count: hollowCount, kubeconfig: machine.hollowKubeconfig, handover: true, backoff },
      userAgent: 'axoneme-hollow/0.1.0',
      nodeCount: shape.nodes,
    } satisfies HollowStart,
    answer: z.unknown(),
    signal,
  })
  const isOver = async () => {
    const { ready, problems } = await status()
    if (problems.length > 0) throw new ScaleSimError(`hollow agents ended: ${problems.join('; ')}`)
    return ready === hollowCount && real.readyS.length === realAgents
  }
  const isReady = await untilOver(sampler, { isOver, timeLimitMs, options, agents: hollowCount })
  const waitedS = (performance.now() - startedMs) / 1000
  const phase = phaseBetween(
    backoff ? 'storm' : 'storm without backoff',
    before,
    await readMachine(machine, signal),
  )
  if (isReady) await sampleFor(sampler, afterwardsMs, signal)
  // Also what was repeated when all were ready.
  const last = await status()
  const traffic = trafficBetween(before.traffic, await machine.traffic())
  return {
    backoff,
    agents: shape.nodes,
    ready: last.ready + real.readyS.length,
    readyS: round(isReady ? Math.max(last.lastReadyS, ...real.readyS) : waitedS),
    realAgentsReadyS: real.readyS.map((seconds) => round(seconds)),
    restarts: last.restarts + machine.unexpectedEnds(),
    ...stepsOf(last),
    realAgentsSteps: await readAgentSteps(machine, { traffic, signal }),
    ...callsOf(phase),
    idleRate: rateOf(sampler.samples.slice(-idleSamples)),
    phase,
    series: sampler.samples,
  }
}

/** The custom resources must be there, and the operator must know the nodes, before anybody is held up. */
async function operatorHasBegun(machine: Machine, signal: AbortSignal): Promise<void> {
  machine.startOperator()
  for (;;) {
    const { answers } = await machine.traffic()
    const seen = Object.keys(answers).some((key) => key.startsWith('axoneme-operator watch ciliumnodes 200'))
    if (seen) return
    await sleep(100, { signal })
  }
}

async function untilOver(
  sampler: Sampler,
  {
    isOver,
    timeLimitMs,
    options,
    agents,
  }: { isOver: () => Promise<boolean>; timeLimitMs: number; options: StormOptions; agents: number },
): Promise<boolean> {
  const deadlineMs = performance.now() + timeLimitMs
  for (let i = 1; performance.now() < deadlineMs; i++) {
    const { atS, ready, answered, refused } = await sampler.take()
    if (await isOver()) return true
    if (i % 15 === 0)
      options.progress(
        `${Math.round(atS)} s: ${ready} of ${agents} ready, ${answered} answers and ${refused} refusals a second`,
      )
    await sleep(1000, { signal: options.signal })
  }
  return false
}

async function sampleFor(sampler: Sampler, durationMs: number, signal: AbortSignal): Promise<void> {
  const endMs = performance.now() + durationMs
  while (performance.now() < endMs) {
    await sleep(1000, { signal })
    await sampler.take()
  }
}

function stepsOf({ stepsDone, stepsRepeated, repeatedSteps }: Status) {
  return { stepsDone, stepsRepeated, repeatedSteps }
}

function callsOf({ traffic: { answers } }: Phase): { answered: number; refused: number; cut: number } {
  const counts = { answered: 0, refused: 0, cut: 0 }
  for (const [key, count] of Object.entries(answers)) {
    const code = key.split(' ').at(-1)
    counts[code === '429' ? 'refused' : code === 'cut' ? 'cut' : 'answered'] += count
  }
  return counts
}

function rateOf(samples: readonly Sample[]): number {
  const sum = samples.reduce((total, { answered, refused, cut }) => total + answered + refused + cut, 0)
  return round(sum / Math.max(1, samples.length))
}
