import { describeError, isAbort } from '@axoneme/lifecycle'
import { createLogger } from '@axoneme/log'
import { createInterner } from '@axoneme/slim-types'
import { z } from 'zod'
import { serveCommands } from '../ipc/commands.ts'
import { nodeName } from '../model/index.ts'
import { type HollowAgent, runHollowAgent } from './agent.ts'
import { type Status, startSchema } from './protocol.ts'

/** Thousands of agents in one process, each with connections and watches of its own, which keep nothing. */
const log = createLogger({ sink: () => {}, level: 'error' })
const interner = createInterner()
let agents: HollowAgent[] = []
const problems: string[] = []
/** By user agent, under which a group of agents is started. */
const stops = new Map<string, AbortController>()
let startedAtMs = 0

serveCommands({
  /** Starts agents in addition to those that run; all at once. */
  start(argument) {
    const { first, count, kubeconfig: kubeconfigPath, ...behaviour } = startSchema.parse(argument)
    if (agents.length === 0) startedAtMs = performance.now()
    const { userAgent } = behaviour
    const stop = stops.get(userAgent) ?? new AbortController()
    stops.set(userAgent, stop)
    for (let i = first; i < first + count; i++) {
      const agent: HollowAgent = {
        nodeName: nodeName(i),
        userAgent,
        ready: false,
        readyAtMs: 0,
        restarts: 0,
        steps: new Map(),
      }
      agents.push(agent)
      const { signal } = stop
      runHollowAgent(agent, { behaviour, kubeconfigPath, interner, log, signal }).catch((error: unknown) => {
        if (!isAbort(error, signal)) problems.push(describeError(error))
      })
    }
  },
  status: (): Status => {
    const ready = agents.filter((agent) => agent.ready)
    const repeatedSteps = repeatedBy(agents)
    return {
      agents: agents.length,
      ready: ready.length,
      restarts: agents.reduce((sum, { restarts }) => sum + restarts, 0),
      stepsDone: agents.reduce((sum, { steps }) => sum + steps.size, 0),
      stepsRepeated: Object.values(repeatedSteps).reduce((sum, times) => sum + times, 0),
      repeatedSteps,
      lastReadyS: Math.max(0, ...ready.map(({ readyAtMs }) => readyAtMs - startedAtMs)) / 1000,
      problems: problems.slice(0, 5),
    }
  },
  /** Ends the agents that were started under a user agent. */
  stop(argument) {
    const userAgent = z.string().parse(argument)
    stops.get(userAgent)?.abort(new DOMException('stopped', 'AbortError'))
    stops.delete(userAgent)
    agents = agents.filter((agent) => agent.userAgent !== userAgent)
  },
})

/** By step, how often one succeeded that had before in the same agent. */
function repeatedBy(all: readonly HollowAgent[]): Record<string, number> {
  const repeated: Record<string, number> = {}
  for (const [step, times] of all.flatMap(({ steps }) => [...steps])) {
    if (times > 1) repeated[step] = (repeated[step] ?? 0) + times - 1
  }
  return repeated
}
