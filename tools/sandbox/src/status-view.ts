import type { CniAdd, DaemonStatus } from './daemon-api.ts'
import type { Node } from './instance.ts'
import type { Kubelet } from './kubelet/kubelet.ts'
import type { SupervisedChild } from './supervisor.ts'

/** Collects what the daemon tells about itself. */
export function createStatusView(nodes: readonly Node[]) {
  const waitingFor = new Map<string, string>(nodes.map((node) => [node.name, 'its start']))
  const cniAdds: CniAdd[] = []
  const progress: string[] = []
  let phase: DaemonStatus['phase'] = 'starting'
  let error: string | undefined
  let apiserver = ''
  return {
    apiserver: (description: string) => {
      apiserver = description
    },
    progress: (step: string) => void progress.push(step),
    waiting: (node: Node, step: string) => void waitingFor.set(node.name, step),
    cniAdd: (add: CniAdd) => void cniAdds.push(add),
    ready: () => {
      phase = 'ready'
    },
    failed: (reason: string) => {
      phase = 'failed'
      error = reason
    },
    status: ({
      children,
      kubelets,
    }: {
      children: readonly SupervisedChild[]
      kubelets: readonly Kubelet[]
    }): DaemonStatus => ({
      phase,
      error,
      progress,
      apiserver,
      nodes: nodes.map(({ name, address, netns, agentSocket }) => {
        const step = waitingFor.get(name) ?? ''
        return { name, address, netns, agentSocket, ready: step === '', waitingFor: step }
      }),
      children: children.map((child) => {
        const { name, process, restarts, lastExit } = child.status()
        return { name, pid: process?.pid, restarts, lastExit }
      }),
      pods: kubelets.flatMap((kubelet, i) =>
        kubelet.pods().map(({ pod, netns, ip, state }) => ({
          namespace: pod.metadata.namespace,
          name: pod.metadata.name,
          uid: pod.metadata.uid,
          node: nodes[i]?.name ?? '',
          ...{ netns, ip, state },
        })),
      ),
      cniAdds,
    }),
  }
}
