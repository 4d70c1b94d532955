import { type K8sClient, openK8sClient } from '@axoneme/k8s-client'
import { Scope, sleep } from '@axoneme/lifecycle'
import type { Logger } from '@axoneme/log'
import type { Interner } from '@axoneme/slim-types'
import { ScaleSimError } from '../errors.ts'
import { bootstrap } from './bootstrap.ts'
import { snapshotClient } from './snapshot-client.ts'

/** How a hollow agent behaves. */
export type Behaviour = Readonly<{
  handover: boolean
  /** The version that it knows all collections of already; without it, it reads them. */
  snapshotVersion?: string | undefined
  /** Without it any failure before it is ready ends the agent, and it starts anew a second later. */
  backoff: boolean
  userAgent: string
  /** Of the cluster. */
  nodeCount: number
}>

export type HollowAgent = {
  readonly nodeName: string
  readonly userAgent: string
  ready: boolean
  readyAtMs: number
  /** Starts after the first. */
  restarts: number
  /** How often each step of the start succeeded. */
  readonly steps: Map<string, number>
}

/** How long a node's kubelet waits before it starts a container again that failed; it grows there, not here. */
const restartDelayMs = 1_000

/** Runs one agent until the signal aborts. */
export async function runHollowAgent(
  agent: HollowAgent,
  {
    behaviour,
    kubeconfigPath,
    interner,
    log,
    signal,
  }: {
    behaviour: Behaviour
    kubeconfigPath: string
    interner: Interner
    log: Logger
    signal: AbortSignal
  },
): Promise<void> {
  const { backoff, handover, nodeCount, snapshotVersion, userAgent } = behaviour
  const onStep = (step: string) => void agent.steps.set(step, (agent.steps.get(step) ?? 0) + 1)
  for (;;) {
    await using scope = new Scope('hollow agent', { signal })
    const failed = Promise.withResolvers<never>()
    failed.promise.catch(() => {})
    const opened = await openK8sClient({
      kubeconfigPath,
      userAgent,
      http2: true,
      observe({ verb, resource, code }) {
        if (!backoff && !/^2/.test(code)) failed.reject(new ScaleSimError(`${verb} ${resource}: ${code}`))
      },
    })
    scope.use(opened)
    const client = writesCounted(
      snapshotVersion === undefined ? opened : snapshotClient(opened, snapshotVersion),
      onStep,
    )
    const started = bootstrap({
      ...{ client, nodeName: agent.nodeName, interner, handover, nodeCount, log, scope, onStep },
      watchList: snapshotVersion === undefined,
      onFailure: (error) => {
        if (!backoff) failed.reject(error)
      },
    })
    started.catch(() => {})
    try {
      await Promise.race([started, failed.promise])
      agent.ready = true
      agent.readyAtMs = performance.now()
      await scope.untilAborted()
      return
    } catch (error) {
      if (signal.aborted) return
      if (backoff) throw error
      agent.restarts++
    }
    await scope.close()
    await sleep(restartDelayMs, { signal })
  }
}

/**
 * Tells of each change, which are those of its CiliumNode, whose answer came whole: one that was cut has not succeeded as
 * far as the agent knows.
 */
function writesCounted(client: K8sClient, onStep: (step: string) => void): K8sClient {
  return {
    async request(request) {
      const response = await client.request(request)
      if (request.method === 'PATCH') onStep('CiliumNode written')
      return response
    },
    stream: (request) => client.stream(request),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  }
}
