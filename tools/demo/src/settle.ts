import { createAgentClient } from '@axoneme/agent-api'
import { isAbort, sleep } from '@axoneme/lifecycle'
import { type ClusterView, readCluster } from './cluster-view.ts'
import type { Stage } from './scenes/context.ts'
import { type Progress, waitUntilReady } from './wait-ready.ts'

/** Longer than any update takes; whatever is not there by then is for the probes to find. */
const agentsLimitMs = 5_000
const pollMs = 50

/** Waits until the pods are what they are meant to be and the agents have heard of them. Gives the cluster then. */
export async function settle(
  stage: Stage,
  { timeoutMs, onProgress = () => {} }: { timeoutMs: number; onProgress?: (progress: Progress) => void },
): Promise<ClusterView> {
  const { client, signal, status } = stage
  await waitUntilReady(client, { timeoutMs, signal, onProgress })
  const cluster = await readCluster(client, { status: await status(), signal })
  const limit = AbortSignal.any([signal, AbortSignal.timeout(agentsLimitMs)])
  try {
    while (!(await knowBackends(stage, { cluster, signal: limit }))) await sleep(pollMs, { signal: limit })
  } catch (error) {
    signal.throwIfAborted()
    if (!limit.aborted && !isAbort(error)) throw error
  }
  return cluster
}

/** Whether every agent sends each service to exactly its pods. */
async function knowBackends(
  { status }: Stage,
  { cluster, signal }: { cluster: ClusterView; signal: AbortSignal },
): Promise<boolean> {
  const { nodes } = await status()
  const wanted = cluster.servicePorts.map(({ clusterIp, port, backends }) =>
    entry(
      clusterIp,
      port,
      backends.map((at) => entry(at.pod.ip, at.port)),
    ),
  )
  const known = await Promise.all(
    nodes.map(async (node) => {
      const frontends = await createAgentClient({ socketPath: node.agentSocket, signal }).services()
      return new Set(
        frontends.map(({ address, port, backends }) =>
          entry(
            address,
            port,
            backends.filter((at) => at.state === 'active').map((at) => entry(at.address, at.port)),
          ),
        ),
      )
    }),
  )
  return known.every((services) => wanted.every((service) => services.has(service)))
}

function entry(address: string, port: number, behind: readonly string[] = []): string {
  return `${address}:${port} ${behind.toSorted().join(' ')}`.trimEnd()
}
