import { createAgentClient } from '@axoneme/agent-api'
import { CodedError, sleep } from '@axoneme/lifecycle'
import { readState, signalProcess } from '@axoneme/sandbox'
import type { ClusterView } from '../cluster-view.ts'
import { openConversation, probe } from '../probe.ts'
import { type Stage, silenceMs } from './context.ts'
import { describePair, findPair, targetOf } from './pairs.ts'

const restartLimitMs = 30_000
const pollMs = 50

/** Kills every agent while a connection is open: traffic and policy must not notice. */
export async function showAgentRestart(stage: Stage, cluster: ClusterView): Promise<void> {
  const { printer, checks, signal } = stage
  printer.heading('every agent is killed (SIGKILL) while a connection is open')
  const open = findPair(cluster, 'allowed')
  const denied = findPair(cluster, 'denied')
  if (open === undefined) return printer.line('there are no two pods that may talk')
  using talk = await openConversation(targetOf(open), { timeoutMs: silenceMs, signal })
  const stopTalking = new AbortController()
  const talking = keepAsking((line) => talk.ask(line, 5_000), AbortSignal.any([signal, stopTalking.signal]))

  const killedMs = performance.now()
  const restartsBefore = await killAgents(stage)
  const [fresh, silent] = await Promise.all([
    probe(targetOf(open), { timeoutMs: silenceMs, signal }),
    denied === undefined ? undefined : probe(targetOf(denied), { timeoutMs: silenceMs, signal }),
    agentsBack(stage, restartsBefore),
  ])
  const backMs = performance.now() - killedMs
  // The agents have taken over what they found; whatever they would break shows now.
  await sleep(500, { signal })
  stopTalking.abort()
  const { answered, asked, longestMs } = await talking

  printer.line(`  agents ready again after ${(backMs / 1000).toFixed(1)} s`)
  printer.line(
    `  ${describePair(open)}: ${answered} of ${asked} lines answered, the slowest after ${longestMs.toFixed(0)} ms`,
  )
  checks.check(
    answered === asked && asked > 0,
    `the established connection survives; ${answered} of ${asked} lines were answered`,
  )
  checks.check(fresh.kind === 'open', `${describePair(open)} is open without agents; it was ${fresh.kind}`)
  if (denied !== undefined && silent !== undefined) {
    checks.check(
      silent.kind === 'timeout',
      `${describePair(denied)} is denied without agents; it was ${silent.kind}`,
    )
  }
}

async function keepAsking(
  ask: (line: string) => Promise<string | undefined>,
  signal: AbortSignal,
): Promise<{ asked: number; answered: number; longestMs: number }> {
  let asked = 0
  let answered = 0
  let longestMs = 0
  while (!signal.aborted) {
    const startedMs = performance.now()
    asked++
    if ((await ask(`line-${asked}`)) === undefined) break
    answered++
    longestMs = Math.max(longestMs, performance.now() - startedMs)
    await sleep(20)
  }
  return { asked, answered, longestMs }
}

/** Gives how often each agent had been restarted before. */
async function killAgents({ instance, status }: Stage): Promise<Map<string, number>> {
  const restarts = (await status()).children
    .filter((child) => child.name.startsWith('agent-'))
    .map(({ name, restarts: count }) => [name, count] as const)
  const processes = readState(instance.stateFile)?.children ?? {}
  for (const [name] of restarts) {
    const process = processes[name]
    if (process === undefined || !signalProcess(process, 'SIGKILL')) {
      throw new CodedError('NO_AGENT', `kill ${name}: it does not run`)
    }
  }
  return new Map(restarts)
}

async function agentsBack({ signal, status }: Stage, restartsBefore: Map<string, number>): Promise<void> {
  const deadlineMs = performance.now() + restartLimitMs
  for (;;) {
    const { nodes, children } = await status()
    const restarted = children.every(
      ({ name, restarts, pid }) => pid !== undefined && restarts > (restartsBefore.get(name) ?? -1),
    )
    if (restarted) {
      const health = await Promise.all(
        nodes.map((node) =>
          createAgentClient({ socketPath: node.agentSocket, signal })
            .health()
            .catch(() => undefined),
        ),
      )
      if (health.every((at) => at?.ready === true)) return
    }
    if (performance.now() > deadlineMs) {
      throw new CodedError(
        'AGENTS_NOT_BACK',
        `the agents are not ready ${restartLimitMs / 1000} s after they were killed`,
      )
    }
    await sleep(pollMs, { signal })
  }
}
