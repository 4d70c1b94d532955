import { createAgentClient } from '@axoneme/agent-api'
import { sumOf, type Traffic } from '../apiserver/traffic.ts'
import type { Machine } from '../cluster/machine.ts'

/** What real agents did to get ready: first states that they read, and their CiliumNodes. */
export type AgentSteps = Readonly<{
  done: number
  /** How often one succeeded that had before, in the same agent. */
  repeated: number
}>

const list = /^cilium_k8s_lists_total\{scope="[^"]*"\} (?<times>\d+)$/gm

/**
 * Lists are as the agents themselves count them: whether an answer that was cut had been whole is known at its end only.
 * A write that the apiserver answered, and did not cut, succeeded; `traffic` is what it answered since before the start.
 */
export async function readAgentSteps(
  machine: Machine,
  { traffic, signal }: { traffic: Traffic; signal: AbortSignal },
): Promise<AgentSteps> {
  const texts = await Promise.all(
    machine.nodes.map(({ agentSocket }) => createAgentClient({ socketPath: agentSocket, signal }).metrics()),
  )
  const written = (code: string) => ['create', 'patch'].map((verb) => answersTo(traffic, { verb, code }))
  const agents = machine.nodes.length
  return stepsOf([
    ...texts.flatMap((text) => listsIn(text).map((times) => ({ times, agents: 1 }))),
    ...[...written('200'), ...written('201')].map((times) => ({ times, agents })),
  ])
}

/** How often each kind of object was read whole, out of Prometheus' text format. */
function listsIn(metrics: string): number[] {
  return [...metrics.matchAll(list)].map(({ groups }) => Number(groups?.times)).filter((times) => times > 0)
}

/** `times` that a step of `agents` succeeded, all together. */
function stepsOf(steps: readonly { times: number; agents: number }[]): AgentSteps {
  const done = steps.reduce((sum, { times, agents }) => sum + Math.min(times, agents), 0)
  return { done, repeated: steps.reduce((sum, { times }) => sum + times, 0) - done }
}

function answersTo({ answers }: Traffic, { verb, code }: { verb: string; code: string }): number {
  return sumOf(answers, `axoneme-agent ${verb} ciliumnodes`, code)
}
