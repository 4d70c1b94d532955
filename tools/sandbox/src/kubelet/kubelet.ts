import type { K8sClient } from '@axoneme/k8s-client'
import { jsonDecoder, startReflector } from '@axoneme/k8s-watchers'
import type { Logger } from '@axoneme/log'
import { createTable, type Table } from '@axoneme/tables'
import { isDeleting, type KubeletPod, type KubeletService, podKey, podSchema } from './api-types.ts'
import type { CniRuntime } from './cni.ts'
import { createNodeRegistration } from './node-registration.ts'
import { createPodReporter } from './pod-reporter.ts'
import { type PodWorker, startPodWorker } from './pod-worker.ts'
import { portsToServe } from './ports.ts'
import { watchRetry } from './watch-retry.ts'

export type Kubelet = {
  /** Tells what the node's agent is waiting for; empty: ready. */
  setWaitingFor(step: string): void
  pods(): ReturnType<PodWorker['view']>[]
  /** Works until the signal aborts, then leaves everything as it is. */
  run(signal: AbortSignal): Promise<void>
}

export type KubeletOptions = Readonly<{
  node: Readonly<{ name: string; address: string; netns: string }>
  client: K8sClient
  services: Table<KubeletService>
  cni: CniRuntime
  podNetns: (podUid: string) => string
  inTurn: <T>(task: () => Promise<T>) => Promise<T>
  /** Registers the node and leaves its pods to somebody else. */
  podless?: boolean
  onCniAdd: (pod: KubeletPod, durationMs: number) => void
  log: Logger
}>

/** Registers one node and, unless `podless`, runs the pods that are bound to it. */
export function createKubelet({
  node,
  client,
  services,
  cni,
  podNetns,
  inTurn,
  podless = false,
  onCniAdd,
  log,
}: KubeletOptions): Kubelet {
  const registration = createNodeRegistration(node, { client, log })
  /** By uid: a pod may be made again under the name of one that is still ending. */
  const workers = new Map<string, PodWorker>()

  const runPods = async (pods: Table<KubeletPod>, signal: AbortSignal) => {
    const reporter = createPodReporter({ client, log, signal })
    const start = (pod: KubeletPod) => {
      const { uid } = pod.metadata
      const worker = startPodWorker({
        pod,
        ports: portsToServe(pod, services.rows()),
        ...{ node, netns: podNetns(uid), cni, reporter, inTurn, log, signal },
        onCniAdd: (durationMs) => onCniAdd(pod, durationMs),
      })
      workers.set(uid, worker)
      worker.done
        .catch((error: unknown) => {
          if (!signal.aborted) log.error('pod given up', { pod: podKey(pod), error })
        })
        .finally(() => workers.delete(uid))
    }
    using changes = pods.changes()
    for await (const batch of changes.batches(signal)) {
      for (const { kind, row: pod } of batch) {
        for (const worker of workers.values()) {
          const known = worker.view().pod
          const isGone = kind === 'delete' || known.metadata.uid !== pod.metadata.uid
          if (podKey(known) === podKey(pod) && isGone) worker.forget()
        }
        if (kind === 'delete') continue
        const worker = workers.get(pod.metadata.uid)
        if (worker === undefined) start(pod)
        else worker.update(pod, portsToServe(pod, services.rows()))
      }
    }
  }

  const followServices = async (signal: AbortSignal) => {
    using changes = services.changes()
    for await (const _ of changes.batches(signal)) {
      for (const worker of workers.values()) {
        const { pod } = worker.view()
        if (!isDeleting(pod)) worker.update(pod, portsToServe(pod, services.rows()))
      }
    }
  }

  return {
    setWaitingFor: (step) => registration.setWaitingFor(step),
    pods: () => [...workers.values()].map((worker) => worker.view()),
    async run(signal) {
      if (podless) return registration.run(signal)
      const pods = createTable<KubeletPod>({ name: `pods-${node.name}`, key: podKey })
      await using _ = startReflector({
        ...{ client, table: pods, log, signal },
        decoder: jsonDecoder({
          kind: 'Pod',
          apiVersion: 'v1',
          resource: 'pods',
          parse: (value) => podSchema.parse(value),
        }),
        resource: { fieldSelector: `spec.nodeName=${node.name}` },
        retry: watchRetry,
      })
      await Promise.all([registration.run(signal), runPods(pods, signal), followServices(signal)])
    },
  }
}
