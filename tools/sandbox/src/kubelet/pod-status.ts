import type { KubeletPod } from './api-types.ts'

export type PodProgress = Readonly<{
  hostIp: string
  /** When the kubelet first saw the pod. */
  startTime: string
  /** Absent until the CNI plugin gave one. */
  podIp?: string
  /** When the servers were all up; absent while they are not. */
  readySince?: string
  containerId?: string
  /** Why the pod is not ready yet, for people. */
  message?: string
}>

/** The status that a kubelet reports for a pod that got this far. */
export function podStatus(pod: KubeletPod, progress: PodProgress): Record<string, unknown> {
  const { hostIp, startTime, podIp, readySince, containerId, message } = progress
  const ready = readySince !== undefined
  const condition = (type: string, done: boolean, reason: string) => ({
    type,
    status: done ? 'True' : 'False',
    lastTransitionTime: readySince ?? startTime,
    ...(!done && { reason, message: message ?? '' }),
  })
  const waiting = { reason: 'ContainerCreating', ...(message !== undefined && { message }) }
  return {
    phase: ready ? 'Running' : 'Pending',
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    ...(podIp !== undefined && { podIP: podIp, podIPs: [{ ip: podIp }] }),
    startTime,
    conditions: [
      { type: 'PodScheduled', status: 'True', lastTransitionTime: startTime },
      { type: 'Initialized', status: 'True', lastTransitionTime: startTime },
      condition('PodReadyToStartContainers', podIp !== undefined, 'NetworkNotReady'),
      condition('ContainersReady', ready, 'ContainersNotReady'),
      condition('Ready', ready, 'ContainersNotReady'),
    ],
    ...(pod.spec.initContainers !== undefined && {
      initContainerStatuses: pod.spec.initContainers.map((container) => ({
        ...containerBase(container, containerId),
        ready: true,
        started: false,
        state: {
          terminated: { exitCode: 0, reason: 'Completed', startedAt: startTime, finishedAt: startTime },
        },
      })),
    }),
    containerStatuses: pod.spec.containers.map((container) => ({
      ...containerBase(container, containerId),
      ready,
      started: ready,
      state: ready ? { running: { startedAt: readySince } } : { waiting },
    })),
  }
}

function containerBase(
  container: { name: string; image?: string | undefined },
  containerId: string | undefined,
) {
  return {
    name: container.name,
    image: container.image ?? '',
    imageID: '',
    restartCount: 0,
    ...(containerId !== undefined && { containerID: `sandbox://${containerId}` }),
  }
}
