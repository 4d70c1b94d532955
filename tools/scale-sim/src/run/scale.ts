import { sleep } from '@axoneme/lifecycle'
import { z } from 'zod'
import { sumOf } from '../apiserver/traffic.ts'
import { type Machine, startMachine } from '../cluster/machine.ts'
import { ScaleSimError } from '../errors.ts'
import { type HollowStart, statusSchema } from '../hollow/protocol.ts'
import {
  type ChurnResult,
  type ChurnSettings,
  churnResultSchema,
  eventsSchema,
  type KvstoreEvents,
} from '../kvstore/protocol.ts'
import type { ClusterShape, HeartbeatPeriods } from '../model/index.ts'
import { type AgentEvents, eventsBetween, readAgentEvents } from './agent-events.ts'
import { type Phase, phaseBetween, type Reading, readMachine, round } from './reading.ts'
import { createSampler, type Sample, type Sampler, sampled } from './series.ts'

export type ScaleOptions = Readonly<{
  shape: ClusterShape
  heartbeats: HeartbeatPeriods
  realAgents: number
  /** Agents that watch all nodes and pods at the apiserver; their share of the traffic stands for all. */
  directAgents: number
  bookmarkIntervalMs: number
  idleMs: number
  churnMs: number
  churnPerSecond: number
  /** How long a pod of the churn lives. */
  churnLifeMs: number
  signal: AbortSignal
  progress(text: string): void
}>

export type ScaleReport = Readonly<{
  kind: 'scale'
  shape: ClusterShape
  phases: readonly Phase[]
  series: readonly Sample[]
  agentsReadyS: readonly number[]
  hollowReadyS: number
  idle: Readonly<{
    heartbeats: Readonly<{ lease: number; status: number }>
    /** What a watcher of the kvstore saw. */
    kvstoreEvents: KvstoreEvents
    realAgents: AgentEvents
    /** By the minute and agent. */
    bytesPerAgent: Readonly<{ handoverApiserver: number; handoverOther: number; direct: number }>
    /** By the minute, over as many agents as there are nodes. */
    bytesWithHandover: number
    bytesWithoutHandover: number
    bytesWithoutHandoverOverWith: number
  }>
  churn: ChurnResult
}>

const directUserAgent = 'axoneme-direct/0.1.0'

/** Watches and churns a whole cluster: what an idle one sends to its agents, and how far behind they are in a busy one. */
export async function runScale(options: ScaleOptions): Promise<ScaleReport> {
  const { shape, signal, progress } = options
  await using machine = await startMachine({ ...options, agentsHaveRun: true })
  progress('etcd takes the entries of the hollow agents')
  const entries = await machine.kvstore.call('open', {
    argument: { shape, endpoint: machine.etcdEndpoint, fill: true },
    answer: z.int(),
    signal,
  })
  progress(`${entries} entries; operator and ${options.realAgents} real agents start`)
  const countReady = async () => (await machine.hollow.call('status', { answer: statusSchema, signal })).ready
  const sampler = createSampler(machine, countReady)
  const readings: Reading[] = [await readMachine(machine, signal)]
  machine.startOperator()
  machine.startAgents()
  const agentsReadyS = await sampled(sampler, machine.agentsReady(), signal)
  readings.push(await readMachine(machine, signal))
  const hollowReadyS = await startHollow(machine, { options, sampler })
  readings.push(await readMachine(machine, signal))

  progress(`idle for ${options.idleMs / 1000} s`)
  const idle = await measureIdle(machine, { options, sampler })
  // They were there for the comparison. What they are sent of each pod that comes and goes is no part of a cluster with hand-over.
  await machine.hollow.call('stop', { argument: directUserAgent, answer: z.unknown(), signal })
  readings.push(await readMachine(machine, signal))

  progress(`${options.churnPerSecond} pods a second for ${options.churnMs / 1000} s`)
  const churning = machine.kvstore.call('churn', {
    argument: {
      ...{ perSecond: options.churnPerSecond, durationMs: options.churnMs, lifeMs: options.churnLifeMs },
      kubeconfig: machine.instance.fabricKubeconfig,
      ipcaches: machine.nodes.map(({ name }) => `${machine.instance.bpfRoot}/${name}/maps/axo_ipcache`),
    } satisfies ChurnSettings,
    answer: churnResultSchema,
    signal,
  })
  const churn = await sampled(sampler, churning, signal)
  readings.push(await readMachine(machine, signal))
  const names = ['real agents start', 'hollow agents start', 'idle', 'churn']
  const phases = names.flatMap((name, i) => {
    const [before, after] = [readings[i], readings[i + 1]]
    return before === undefined || after === undefined ? [] : [phaseBetween(name, before, after)]
  })
  if (machine.unexpectedEnds() > 0) throw new ScaleSimError('an agent or the operator ended by itself')
  return { kind: 'scale', shape, phases, series: sampler.samples, agentsReadyS, hollowReadyS, idle, churn }
}

/** All agents but the real ones: those with hand-over as many as there are nodes, in groups, and a few without. */
async function startHollow(
  machine: Machine,
  { options, sampler }: { options: ScaleOptions; sampler: Sampler },
): Promise<number> {
  const { shape, directAgents, signal, progress } = options
  const startedMs = performance.now()
  const atOnce = 100
  // Each from now: who began where the first did would be sent every heartbeat since.
  const now = () => machine.apiserver.call('resourceVersion', { answer: z.string(), signal })
  const common = { kubeconfig: machine.hollowKubeconfig, backoff: true, nodeCount: shape.nodes }
  const start = (argument: HollowStart) =>
    machine.hollow.call('start', { argument, answer: z.unknown(), signal })
  for (let first = 0; first < shape.nodes; first += atOnce) {
    const count = Math.min(atOnce, shape.nodes - first)
    await start({
      ...common,
      snapshotVersion: await now(),
      first,
      count,
      handover: true,
      userAgent: 'axoneme-hollow/0.1.0',
    })
    await untilReady(machine, { count: first + count, options, sampler })
    if ((first / atOnce) % 10 === 9) progress(`${first + count} hollow agents`)
  }
  await start({
    ...common,
    snapshotVersion: await now(),
    first: 0,
    count: directAgents,
    handover: false,
    userAgent: directUserAgent,
  })
  await untilReady(machine, { count: shape.nodes + directAgents, options, sampler })
  return round((performance.now() - startedMs) / 1000)
}

async function untilReady(
  machine: Machine,
  { count, options, sampler }: { count: number; options: ScaleOptions; sampler: Sampler },
): Promise<void> {
  for (;;) {
    const { ready, problems } = await machine.hollow.call('status', {
      answer: statusSchema,
      signal: options.signal,
    })
    if (problems.length > 0) throw new ScaleSimError(`hollow agents ended: ${problems.join('; ')}`)
    if (performance.now() - sampler.startedMs > sampler.samples.length * 1000) await sampler.take()
    if (ready >= count) return
    await sleep(100, { signal: options.signal })
  }
}

/** Agents that still learn something after this time are measured as they are. */
const maxSettlingMs = 60_000

async function measureIdle(
  machine: Machine,
  { options, sampler }: { options: ScaleOptions; sampler: Sampler },
): Promise<ScaleReport['idle']> {
  const { idleMs, directAgents, realAgents, shape, signal } = options
  const heartbeatsSchema = z.object({ lease: z.int(), status: z.int() })
  const read = async () => ({
    heartbeats: await machine.apiserver.call('heartbeats', { answer: heartbeatsSchema, signal }),
    kvstore: await machine.kvstore.call('events', { answer: eventsSchema, signal }),
    agents: await readAgentEvents(machine, signal),
    traffic: await machine.traffic(),
    atMs: performance.now(),
  })
  // What the start of the agents still causes is not idleness.
  const calmMs = Math.min(5_000, idleMs)
  let before = await read()
  for (let waitedMs = 0; waitedMs < maxSettlingMs; waitedMs += calmMs) {
    await sampled(sampler, sleep(calmMs, { signal }), signal)
    const earlier = before
    before = await read()
    if (eventsBetween(earlier.agents, before.agents).needed === 0) break
  }
  await sampled(sampler, sleep(idleMs, { signal }), signal)
  const after = await read()

  const minutes = (after.atMs - before.atMs) / 60_000
  const grown = (group: string) => sumOf(after.traffic.bytes, group) - sumOf(before.traffic.bytes, group)
  const agents = eventsBetween(before.agents, after.agents)
  const handoverApiserver = grown('axoneme-hollow') / shape.nodes / minutes
  // etcd's part, and every header; of the apiserver's bodies the hollow agents speak.
  const handoverOther =
    realAgents === 0 ? 0 : Math.max(0, agents.receivedBytes - grown('axoneme-agent')) / realAgents / minutes
  const direct = directAgents === 0 ? 0 : grown('axoneme-direct') / directAgents / minutes
  const bytesWithHandover = (handoverApiserver + handoverOther) * shape.nodes
  const bytesWithoutHandover = direct * shape.nodes
  return {
    heartbeats: {
      lease: after.heartbeats.lease - before.heartbeats.lease,
      status: after.heartbeats.status - before.heartbeats.status,
    },
    kvstoreEvents: {
      identities: after.kvstore.identities - before.kvstore.identities,
      ips: after.kvstore.ips - before.kvstore.ips,
      nodes: after.kvstore.nodes - before.kvstore.nodes,
    },
    realAgents: agents,
    bytesPerAgent: {
      handoverApiserver: Math.round(handoverApiserver),
      handoverOther: Math.round(handoverOther),
      direct: Math.round(direct),
    },
    bytesWithHandover: Math.round(bytesWithHandover),
    bytesWithoutHandover: Math.round(bytesWithoutHandover),
    bytesWithoutHandoverOverWith: round(bytesWithoutHandover / bytesWithHandover),
  }
}
