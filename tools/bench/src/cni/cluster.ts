import { type AgentClient, createAgentClient } from '@axoneme/agent-api'
import { createJson, type K8sClient, openK8sClient } from '@axoneme/k8s-client'
import { daemonStatus, downSandbox, type Instance, instanceOf, upSandbox } from '@axoneme/sandbox'
import { BenchError } from '../errors.ts'

/** One node with its agent, operator, etcd and apiserver as processes; no kubelet runs the pods. */
export type Cluster = AsyncDisposable &
  Readonly<{
    instance: Instance
    client: K8sClient
    agent: AgentClient
    agentSocket: string
    agentPid: number
    nodeName: string
    /** The node's network namespace. */
    netns: string
  }>

export async function startCluster({
  progress,
  signal,
}: {
  progress: (text: string) => void
  signal: AbortSignal
}): Promise<Cluster> {
  await using cleanup = new AsyncDisposableStack()
  const instance = instanceOf(`bench-${process.pid}`)
  // Before it is up: an `up` that is interrupted may have left something.
  cleanup.defer(() => downSandbox(instance))
  await upSandbox(instance, {
    options: { nodes: 1, routing: 'native', podless: true },
    onProgress: progress,
    tied: true,
    signal,
  })
  const {
    nodes: [node],
    children,
  } = await daemonStatus(instance, { signal })
  const agentPid = children.find(({ name }) => name === `agent-${node?.name}`)?.pid
  if (node === undefined || agentPid === undefined)
    throw new BenchError('the sandbox has no node with an agent')
  const { name: nodeName, netns, agentSocket } = node
  const client = cleanup.use(
    await openK8sClient({ kubeconfigPath: instance.kubeconfig, userAgent: 'axoneme-bench/0.1.0' }),
  )
  await applyPolicy(client, signal)
  const agent = createAgentClient({ socketPath: agentSocket, signal })
  const owned = cleanup.move()
  return {
    ...{ instance, client, agent, agentSocket, agentPid, nodeName, netns },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Every pod of the benchmark is under a policy, as pods of a cluster that has policies are. */
async function applyPolicy(client: K8sClient, signal: AbortSignal): Promise<void> {
  await createJson(client, '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies', {
    body: {
      metadata: { name: 'same-namespace' },
      spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }] }] },
    },
    signal,
  })
}
